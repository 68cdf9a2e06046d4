"""The card of a dataset: its values, its words, its looks."""
