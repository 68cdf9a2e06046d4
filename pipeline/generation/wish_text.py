"""Weights and what is not to be combined, as a person types them: `arc:KEY=2` and `persona:KEY,topic:KEY`."""

from collections.abc import Iterable
from math import inf
from typing import get_args

from pipeline.errors import UsageError
from pipeline.generation.wish import Axis

_AXES = get_args(Axis)


def weights_in(texts: Iterable[str], where: str) -> dict[str, dict[str, float]]:
    """How much of the items keys get, by axis. where: they were typed, for messages.

    Raises:
        UsageError: one is not written so.
    """
    found: dict[str, dict[str, float]] = {}
    for text in texts:
        named, _, number = text.partition("=")
        axis, _, key = named.partition(":")
        try:
            weight = float(number)
        except ValueError:
            weight = 0.0
        if axis not in _AXES or not key or not 0 < weight < inf:
            raise UsageError(
                f"{where}: expected AXIS:KEY=N with one of {', '.join(_AXES)} and a number above 0, found {text!r}; "
                "for example arc:KEY=2"
            )
        found.setdefault(axis, {})[key] = weight
    return found


def forbidden_in(texts: Iterable[str], where: str) -> list[dict[str, str]]:
    """What is not to be combined, a text each.

    Raises:
        UsageError: one is not written so.
    """
    return [_keys(text, where) for text in texts]


def _keys(text: str, where: str) -> dict[str, str]:
    parts = [part.strip().partition(":") for part in text.split(",")]
    named = {axis: key for axis, _, key in parts}
    if len(named) < len(parts) or not all(axis in _AXES and key for axis, key in named.items()):
        raise UsageError(
            f"{where}: expected AXIS:KEY,AXIS:KEY with {', '.join(_AXES)}, each once, found {text!r}; for example "
            "persona:KEY,topic:KEY"
        )
    return named
