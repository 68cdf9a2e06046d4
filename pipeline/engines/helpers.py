"""The processes that help this one: forked where nothing of it can be lost by that, else started afresh.

A fork has everything imported already; a new interpreter takes half a second of processor time for that. But a fork
loses all threads except the one that forks, and hangs where another held a lock: so none may be there.
"""

import gc
import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from pipeline.child_processes import end_with
from pipeline.engines.engine import PartT, ResultT, Tell

# Those of the allocator, which knows of forks, and one of Polars that removes files of processes that have ended. All
# others begin with the first query, the first bar that is drawn.
_HARMLESS_THREADS = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})
_ENDINGS = (signal.SIGINT, signal.SIGTERM)

_bytes_read: "Synchronized[int] | None" = None  # set in each helper when it begins


class Helpers:
    """Processes that wait for parts to work on. is_forked: see `can_fork`."""

    def __init__(self, count: int, is_forked: bool = False) -> None:
        context = multiprocessing.get_context("fork" if is_forked else "spawn")
        self._bytes_read: Synchronized[int] = context.Value("q", 0)
        first = (self._bytes_read, os.getpid(), gc.get_threshold())
        self._pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=first)
        with _ends_later() if is_forked else nullcontext(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks of a process with threads; see `can_fork`
            for _ in range(count):
                self._pool.submit(_begun)

    def see(self, size_bytes: int) -> int:
        """Count bytes that this process has read; how many it and they have read in all."""
        return _add(self._bytes_read, size_bytes)

    def work_on(self, task: Callable[[PartT, Tell], ResultT], part: PartT) -> Future[ResultT]:
        """Let one of them do a part."""
        return self._pool.submit(_run, task, part)

    def close(self) -> None:
        """Let go of them; what one has begun, it ends."""
        self._pool.shutdown(cancel_futures=True)


def can_fork(threads: Path = Path("/proc/self/task")) -> bool:
    """Whether a fork of this process, as it is now, loses nothing: on Linux, with no thread but this and harmless ones.

    threads: a folder for each, in which its name stands.
    """
    if sys.platform != "linux":
        return False
    try:
        others = [thread for thread in threads.iterdir() if thread.name != str(os.getpid())]
    except OSError:  # no /proc
        return False
    return all(map(_is_harmless, others))


def _is_harmless(thread: Path) -> bool:
    try:
        return (thread / "comm").read_text().strip() in _HARMLESS_THREADS
    except OSError:  # it has ended meanwhile, as that of Polars soon does
        return not thread.exists()


@contextmanager
def _ends_later() -> Iterator[None]:
    """Have signals that end this process wait until all is done inside.

    Between two forks one would leave helpers for which this process waits for ever; in what Python calls before and
    after a fork, it would come to nothing.
    """
    handlers = {each: handler for each in _ENDINGS if callable(handler := signal.getsignal(each))}
    came: list[int] = []
    for each in handlers:
        signal.signal(each, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def _begin(bytes_read: "Synchronized[int]", parent: int, thresholds: tuple[int, int, int]) -> None:
    end_with(parent, signal.SIGKILL)()  # a helper would wait for work for ever
    for ending in _ENDINGS:
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, signal.SIG_DFL)  # it has nothing to put in order, and nothing to say
    gc.set_threshold(*thresholds)  # as there: else its imports would take a tenth longer
    global _bytes_read  # a helper has no other way to receive shared memory
    _bytes_read = bytes_read


def _begun() -> None:
    """Nothing: while none of its processes is free, each job makes the pool start another."""


def _run(task: Callable[[PartT, Tell], ResultT], part: PartT) -> ResultT:
    return task(part, _see)


def _see(size_bytes: int) -> None:
    if _bytes_read is not None:
        _add(_bytes_read, size_bytes)


def _add(count: "Synchronized[int]", size_bytes: int) -> int:
    with count.get_lock():
        count.value += size_bytes
        return count.value
