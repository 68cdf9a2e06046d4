"""A clause that names the nearest known names, for messages about an unknown one."""

from collections.abc import Iterable

from pipeline.catalogues.by_name import nearest


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Up to three alike ones, or nothing.

    >>> did_you_mean("learn_rate", ["learning_rate", "epochs"])
    '; did you mean learning_rate?'
    """
    near = nearest(name, sorted(known))
    return f"; did you mean {' or '.join(near)}?" if near else ""
