"""Providers of language models as their documents describe them, over TCP: `tests/fakes/provider.py`."""
