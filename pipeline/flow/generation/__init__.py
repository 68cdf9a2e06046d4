"""Conversations from the plan to the training file: asked within a budget, booked once, staged, selected, sent on.

No step waits for a provider. Each may be repeated, and whoever dies between two leaves what the next look finds.
"""
