"""What every engine promises."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

PartT = TypeVar("PartT")
ResultT = TypeVar("ResultT")
Tell = Callable[[int], None]
"""Told how many more bytes were read."""


class Engine(Protocol):
    """Does one task for many parts, several at a time, and a part again whose worker died.

    So a task may run twice for a part, also at the same time: it leaves what it makes under a name of its own.
    """

    @property
    def width(self) -> int:
        """How many parts are worked on at a time, as far as is known now; at least one."""

    def map(self, task: Callable[[PartT, Tell], ResultT], parts: Iterable[PartT]) -> Iterator[tuple[int, ResultT]]:
        """Yield each part's number, from 0, with its result, as they come. What a task raises is raised here.

        task: a function of a module; it, parts and results can be pickled. parts: taken while others are worked on, so
        they may be made as slowly as a file is read.

        Raises:
            EngineDown: the engine does not answer, or has no worker.
            EngineError: the engine gave a part up.
        """

    def close(self) -> None:
        """Give up what is still worked on, and everything that was started."""
