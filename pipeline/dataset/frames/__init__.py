"""A block of conversations as two Polars frames, and the warnings that rules find in them."""
