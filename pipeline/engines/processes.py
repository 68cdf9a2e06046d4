"""The engine that is always there: processes of this machine."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice

from pipeline.engines.engine import PartT, ResultT, Tell
from pipeline.engines.helpers import Helpers
from pipeline.errors import EngineError

_POLL_S = 0.1
_AHEAD = 2  # parts that are handed to a process at a time, so that it has one while we work on ours


class Processes:
    """This process and `count - 1` others, which it starts at once: one interpreter less to start.

    on_bytes: told now and then how many more bytes were read by all. lent: helpers that are there already, and stay.
    """

    def __init__(self, count: int, on_bytes: Tell = lambda _: None, lent: Helpers | None = None) -> None:
        self.width = max(1, count)
        self._is_lent = lent is not None
        self._helpers = lent or (Helpers(count - 1) if count > 1 else None)
        self._on_bytes, self._told = on_bytes, self._helpers.see(0) if self._helpers else 0

    def map(self, task: Callable[[PartT, Tell], ResultT], parts: Iterable[PartT]) -> Iterator[tuple[int, ResultT]]:
        """See `Engine.map`. This process works on the first part, and on more where there are more than processes.

        Raises:
            EngineError: another process ended, so that what it had begun is lost.
        """
        numbered = enumerate(parts)
        running: dict[Future[ResultT], int] = {}
        own = next(numbered, None)
        try:
            while own or running:
                if self._helpers:
                    for number, part in islice(numbered, max(0, _AHEAD * (self.width - 1) - len(running))):
                        with _lost():
                            running[self._helpers.work_on(task, part)] = number
                if own:
                    yield own[0], task(own[1], self._tell)
                for done in wait(running, 0 if own else _POLL_S, FIRST_COMPLETED).done:
                    with _lost():
                        result = done.result()
                    yield running.pop(done), result
                self._tell(0)
                own = next(numbered, None)
        finally:
            wait([each for each in running if not each.cancel()])  # what one has begun, it ends

    def close(self) -> None:
        """See `Engine.close`; what a process has begun, it ends."""
        if self._helpers and not self._is_lent:
            self._helpers.close()

    def _tell(self, size_bytes: int) -> None:
        if self._helpers is None:
            self._on_bytes(size_bytes)
            return
        seen = self._helpers.see(size_bytes)
        self._on_bytes(seen - self._told)
        self._told = seen


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise EngineError(
            "a process that helped to read was killed before it was done, as happens where memory runs out: give it "
            "more, or let one process read (--workers 1; LORA_LARGE_UPLOAD_WORKERS=1)"
        ) from error
