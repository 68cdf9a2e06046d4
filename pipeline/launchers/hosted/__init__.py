"""Trainings at providers who train themselves, over their HTTP: `hosted_launcher.py`, with a module for each provider.

No provider's library is used at run time; the tests compare our requests with what those libraries say.
"""
