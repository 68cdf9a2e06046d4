"""The nearest known names, for messages about an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A clause that names up to three alike ones, or nothing.

    >>> did_you_mean("learn_rate", ["learning_rate", "epochs"])
    '; did you mean learning_rate?'
    """
    by_lower = {each.lower(): each for each in known}
    near = [by_lower[match] for match in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)]
    return f"; did you mean {' or '.join(near)}?" if near else ""
