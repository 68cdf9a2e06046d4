"""Profiles a local file with several processes, each reading a range of lines; the result is the same with any number.

Everything about a file is a sum over its ranges; only line numbers need a count of what lies before a range.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from pipeline.child_processes import end_with
from pipeline.cores import usable_cores
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BoundedReader, count_newlines, line_ranges
from pipeline.dataset.formats.containers import Compression, compression_of
from pipeline.dataset.formats.recognise import HEAD_BYTES as RECOGNISED_BYTES
from pipeline.dataset.formats.recognise import Reading, recognise
from pipeline.dataset.formats.sniff import HEAD_BYTES, sniff
from pipeline.dataset.profiles.budget import OverBudget
from pipeline.dataset.profiles.concluding import Source, conclude, refuse
from pipeline.dataset.profiles.part import profile_part
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.profiles.totals import Totals
from pipeline.state.checksums import sha256_of
from pipeline.state.lake.lake_errors import lake_errors

MAX_WORKERS = 8  # by default
MIN_RANGE_BYTES = 8 * BLOCK_BYTES  # below this, starting a process costs more than it saves
_POLL_S = 0.1

_bytes_read: "Synchronized[int] | None" = None  # set in each worker process when it starts


def default_workers() -> int:
    """As many processes as there are cores for this one, of which a container may have fewer than the machine."""
    return min(usable_cores(), MAX_WORKERS)


def profile_path(
    path: Path,
    folder: Path,
    rules: Rules,
    workers: int = 1,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Profile:
    """Profile a local file; its rows are left in folders below `folder`, one a range.

    on_bytes: told now and then how many more bytes were read. The rules' budget is for each range, by its own bytes.

    Raises:
        OSError: the file cannot be read.
        LakeError: the folder cannot be written.
        TokenizerError: the rules' tokenizer cannot be loaded.
    """
    with path.open("rb") as stream:
        size_bytes = path.stat().st_size
        ranges = line_ranges(stream, size_bytes, min(workers, size_bytes // MIN_RANGE_BYTES))
        stream.seek(0)
        if len(ranges) < 2:
            return profile_stream(stream, folder, rules, on_bytes)
        head = stream.read(RECOGNISED_BYTES)
        compression = compression_of(head)
        reading = recognise(head, compression, rules.form)
        is_lines = reading.has_rows_on_lines and compression is Compression.NONE
        if not is_lines or sniff(head[:HEAD_BYTES]):
            stream.seek(0)
            return profile_stream(stream, folder, rules, on_bytes)
        return _profile_ranges(path, ranges, folder, rules, reading, on_bytes)


def _profile_ranges(
    path: Path,
    ranges: list[tuple[int, int]],
    folder: Path,
    rules: Rules,
    reading: Reading,
    on_bytes: Callable[[int], None],
) -> Profile:
    """The first range is read here, the others by as many new processes: one interpreter less to start."""
    parts = [folder / f"part-{number:05d}" for number in range(len(ranges))]
    for part in parts:
        with lake_errors("write", part):
            part.mkdir()
    with _workers(len(ranges) - 1) as (pool, bytes_read), ThreadPoolExecutor(1) as hasher:
        first_lines = _first_lines(path, ranges)  # counted while the processes start
        others = list(zip(ranges, first_lines, parts, strict=True))[1:]
        jobs = [pool.submit(_profile, path, *span, line, part, rules, reading) for span, line, part in others]
        digest = hasher.submit(sha256_of, path)  # reading and hashing both leave the interpreter free
        told = 0

        def tell(chunk: bytes = b"") -> None:
            nonlocal told
            with bytes_read.get_lock():
                bytes_read.value += len(chunk)
            seen = bytes_read.value
            on_bytes(seen - told)
            told = seen

        try:
            own = _profile(path, *ranges[0], 1, parts[0], rules, reading, tell)
            while not all(job.done() for job in jobs):
                time.sleep(_POLL_S)
                tell()
            tell()
            totals = [own, *(job.result() for job in jobs)]
        except OverBudget as error:
            return refuse(error.finding, ranges[-1][1], digest.result(), folder)
    return conclude(totals, parts, Source(ranges[-1][1], digest.result(), reading), folder, rules)


def _first_lines(path: Path, ranges: list[tuple[int, int]]) -> list[int]:
    """1-based number of the line that each range begins with."""
    counts = [0]
    with path.open("rb") as stream:
        counts += [count_newlines(BoundedReader(stream, stop - start)) for start, stop in ranges[:-1]]
    return [1 + lines for lines in accumulate(counts)]


@contextmanager
def _workers(count: int) -> "Iterator[tuple[ProcessPoolExecutor, Synchronized[int]]]":
    """Processes started afresh: a fork of a process that runs threads (Arrow's, Dagster's) may hang."""
    context = multiprocessing.get_context("spawn")
    bytes_read: Synchronized[int] = context.Value("q", 0)
    first = (bytes_read, os.getpid())
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_start_worker, initargs=first)
    for _ in range(count):
        pool.submit(_start)
    try:
        yield pool, bytes_read
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker(bytes_read: "Synchronized[int]", parent: int) -> None:
    end_with(parent, signal.SIGKILL)()  # a worker would wait for work for ever
    global _bytes_read  # a worker process has no other way to receive shared memory
    _bytes_read = bytes_read


def _start() -> None:
    """Nothing: while none of its processes is free, each job makes the pool start another."""


def _profile(
    path: Path,
    start: int,
    stop: int,
    first_line: int,
    part: Path,
    rules: Rules,
    reading: Reading,
    on_bytes: Callable[[bytes], None] | None = None,
) -> Totals:
    with path.open("rb") as stream:
        stream.seek(start)
        bounded = BoundedReader(stream, stop - start)
        return profile_part(bounded, part, rules, reading, first_line, start, on_bytes or _see)


def _see(chunk: bytes) -> None:
    if _bytes_read is not None:
        with _bytes_read.get_lock():
            _bytes_read.value += len(chunk)
