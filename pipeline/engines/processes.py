"""The engine that is always there: processes of this machine."""

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing.sharedctypes import Synchronized

from pipeline.child_processes import end_with
from pipeline.engines.engine import PartT, ResultT, Tell

_POLL_S = 0.1
_AHEAD = 2  # parts that are handed to a process at a time, so that it has one while we work on ours

_bytes_read: "Synchronized[int] | None" = None  # set in each worker process when it starts


class Processes:
    """This process and `count - 1` others, which it starts at once: one interpreter less to start.

    Processes started afresh: a fork of a process that runs threads (Arrow's, Dagster's) may hang. on_bytes: told now
    and then how many more bytes were read by all.
    """

    def __init__(self, count: int, on_bytes: Tell = lambda _: None) -> None:
        context = multiprocessing.get_context("spawn")
        self._on_bytes, self._told = on_bytes, 0
        self._bytes_read: Synchronized[int] = context.Value("q", 0)
        self.width = max(1, count)
        self._pool: ProcessPoolExecutor | None = None
        if count > 1:
            first = (self._bytes_read, os.getpid(), gc.get_threshold())
            self._pool = ProcessPoolExecutor(count - 1, mp_context=context, initializer=_start_worker, initargs=first)
            for _ in range(count - 1):
                self._pool.submit(_start)

    def map(self, task: Callable[[PartT, Tell], ResultT], parts: Iterable[PartT]) -> Iterator[tuple[int, ResultT]]:
        """See `Engine.map`. This process works on the first part, and on more where there are more than processes."""
        numbered = enumerate(parts)
        running: dict[Future[ResultT], int] = {}
        own = next(numbered, None)
        while own or running:
            if self._pool is not None:
                for number, part in islice(numbered, max(0, _AHEAD * (self.width - 1) - len(running))):
                    running[self._pool.submit(_run, task, part)] = number
            if own:
                yield own[0], task(own[1], self._tell)
            for done in wait(running, 0 if own else _POLL_S, FIRST_COMPLETED).done:
                yield running.pop(done), done.result()
            self._tell(0)
            own = next(numbered, None)

    def close(self) -> None:
        """See `Engine.close`; what a process has begun, it ends."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _tell(self, size_bytes: int) -> None:
        with self._bytes_read.get_lock():
            self._bytes_read.value += size_bytes
        seen = self._bytes_read.value
        self._on_bytes(seen - self._told)
        self._told = seen


def _start_worker(bytes_read: "Synchronized[int]", parent: int, thresholds: tuple[int, int, int]) -> None:
    end_with(parent, signal.SIGKILL)()  # a worker would wait for work for ever
    gc.set_threshold(*thresholds)  # as there: else its imports would take a tenth longer
    global _bytes_read  # a worker process has no other way to receive shared memory
    _bytes_read = bytes_read


def _start() -> None:
    """Nothing: while none of its processes is free, each job makes the pool start another."""


def _run(task: Callable[[PartT, Tell], ResultT], part: PartT) -> ResultT:
    return task(part, _see)


def _see(size_bytes: int) -> None:
    if _bytes_read is not None:
        with _bytes_read.get_lock():
            _bytes_read.value += size_bytes
