"""Writes a dataset anew in another format: what is read of it, and by name what the other format cannot hold."""
