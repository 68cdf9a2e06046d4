"""Asking language models: what is asked and answered, the wire of each kind of provider, prices. No SDK at run time."""
