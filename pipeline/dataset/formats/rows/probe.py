"""Finds out which fields a format asks for in an object that has none of them.

Whoever decides by asking for fields decides the same about every object in which all of those are missing, whatever
else it holds; so the verdict on millions of such objects, all different, is reached once.
"""

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from pipeline.dataset.findings.faults import NotAsked
from pipeline.dataset.model.json_text import Json


class _Keys:
    """The keys of an object without any."""

    def __init__(self, asked: set[str]) -> None:
        self._asked = asked

    def isdisjoint(self, names: Iterable[str]) -> bool:
        self._asked.update(names)
        return True

    def __iter__(self) -> NoReturn:
        raise NotAsked


class Probe(dict[str, Json]):
    """An object without fields that remembers which it was asked for, and lets nobody look at it in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return False

    def get(self, name: str, default: Any = None) -> Any:
        """Nothing, whatever is asked for."""
        self.asked.add(name)
        return default

    def __getitem__(self, name: str) -> NoReturn:
        self.asked.add(name)
        raise KeyError(name)

    def keys(self) -> Any:
        """Keys that can only be compared."""
        return _Keys(self.asked)

    def _refuse(self, *_: object) -> NoReturn:
        raise NotAsked

    __iter__ = __len__ = __bool__ = __eq__ = __ne__ = __or__ = __ror__ = _refuse
    items = values = copy = pop = _refuse
    __hash__ = None


def asked_for(is_so: Callable[[Json], bool]) -> frozenset[str] | None:
    """Fields without any of which it is not so, of whichever object; None where that does not follow from them."""
    probe = Probe()
    try:
        return None if is_so(probe) else frozenset(probe.asked)
    except NotAsked:
        return None
