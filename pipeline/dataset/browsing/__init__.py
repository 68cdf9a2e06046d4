"""Looks at single rows of a dataset that was read: which fit, and what they say, a few row groups at a time."""
