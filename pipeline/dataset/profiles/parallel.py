"""Profiles a local file with several processes, each reading a range of lines; the result is the same with any number.

Everything about a file is a sum over its ranges; only line numbers need a count of what lies before a range.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TypeAlias

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
from pipeline.engines.engine import Tell
from pipeline.engines.helpers import Helpers, can_fork
from pipeline.engines.processes import Processes
from pipeline.state.checksums import sha256_of
from pipeline.state.lake.lake_errors import lake_errors

OnParts: TypeAlias = Callable[[Sequence[Path]], None]
MAX_WORKERS = 8  # by default
MIN_RANGE_BYTES = 16 * BLOCK_BYTES  # read in the half second of processor time that another process takes to start


def default_workers() -> int:
    """As many processes as there are cores for this one, of which a container may have fewer than the machine."""
    return min(usable_cores(), MAX_WORKERS)


def profile_path(
    path: Path,
    folder: Path,
    rules: Rules,
    workers: int = 1,
    on_bytes: Tell = lambda _: None,
    helpers: Helpers | None = None,
    on_parts: OnParts = lambda _: None,
) -> Profile:
    """Profile a local file; its rows are left in folders below `folder`, one a range.

    on_bytes: told now and then how many more bytes were read. helpers: see `helpers_for`; None to start some where the
    file needs them. on_parts: told the folders of several ranges, in file order, when all rows are in them and the
    verdict is still to be reached. The rules' budget is for each range, by its own bytes.

    Raises:
        OSError: the file cannot be read.
        LakeError: the folder cannot be written.
        TokenizerError: the rules' tokenizer cannot be loaded.
    """
    with path.open("rb") as stream:
        size_bytes = path.stat().st_size
        ranges = line_ranges(stream, size_bytes, _most_ranges(size_bytes, workers))
        stream.seek(0)
        if len(ranges) < 2:
            return profile_stream(stream, folder, rules, on_bytes)
        reading = reading_of_lines(stream.read(RECOGNISED_BYTES), rules)
        if reading is None:
            stream.seek(0)
            return profile_stream(stream, folder, rules, on_bytes)
        return _profile_ranges(path, ranges, folder, rules, reading, on_bytes, helpers, on_parts)


def _most_ranges(size_bytes: int, workers: int) -> int:
    return min(workers, size_bytes // MIN_RANGE_BYTES)


@contextmanager
def helpers_for(files: Iterable[str], workers: int) -> Iterator[Helpers | None]:
    """Lend processes that help to read whichever of the files are large, forked from this one.

    None where no file is, or this process cannot be forked: a file that is large starts its own then. To be asked when
    all that reads a file has been imported, and nothing has been done: a query or a bar that is drawn starts threads.
    """
    sizes_bytes = [os.path.getsize(file) for file in files if os.path.isfile(file)] if workers > 1 else []
    wanted = _most_ranges(max(sizes_bytes, default=0), workers) - 1
    if wanted < 1 or not can_fork():
        yield None
        return
    with closing(Helpers(wanted, is_forked=True)) as helpers:
        yield helpers


def reading_of_lines(head: bytes, rules: Rules) -> Reading | None:
    """How to read a file whose lines may be shared out; None for any other. head: its first RECOGNISED_BYTES."""
    compression = compression_of(head)
    reading = recognise(head, compression, rules.form)
    is_lines = reading.has_rows_on_lines and compression is Compression.NONE
    return None if not is_lines or sniff(head[:HEAD_BYTES]) else reading


@dataclass(frozen=True, slots=True)
class _Range:
    """Lines of a file, and the folder that gets what they hold."""

    path: Path
    start: int
    stop: int
    first_line: int
    folder: Path
    rules: Rules
    reading: Reading


def _profile_ranges(
    path: Path,
    ranges: list[tuple[int, int]],
    folder: Path,
    rules: Rules,
    reading: Reading,
    on_bytes: Tell,
    helpers: Helpers | None,
    on_parts: OnParts,
) -> Profile:
    folders = [folder / f"part-{number:05d}" for number in range(len(ranges))]
    for part in folders:
        with lake_errors("write", part):
            part.mkdir()
    with closing(Processes(len(ranges), on_bytes, helpers)) as engine, ThreadPoolExecutor(1) as hasher:
        first_lines = _first_lines(path, ranges)  # counted while the processes start
        parts = [
            _Range(path, *span, line, part, rules, reading)
            for span, line, part in zip(ranges, first_lines, folders, strict=True)
        ]
        digest = hasher.submit(sha256_of, path)  # reading and hashing both leave the interpreter free
        try:
            totals = dict(engine.map(_profile, parts))
        except OverBudget as error:
            return refuse(error.finding, ranges[-1][1], digest.result(), folder)
    on_parts(folders)
    source = Source(ranges[-1][1], digest.result(), reading)
    return conclude([totals[number] for number in range(len(parts))], folders, source, folder, rules)


def _first_lines(path: Path, ranges: list[tuple[int, int]]) -> list[int]:
    """1-based number of the line that each range begins with."""
    counts = [0]
    with path.open("rb") as stream:
        counts += [count_newlines(BoundedReader(stream, stop - start)) for start, stop in ranges[:-1]]
    return [1 + lines for lines in accumulate(counts)]


def _profile(part: _Range, tell: Tell) -> Totals:
    with part.path.open("rb") as stream:
        stream.seek(part.start)
        bounded = BoundedReader(stream, part.stop - part.start)

        def seen(chunk: bytes) -> None:
            tell(len(chunk))

        return profile_part(bounded, part.folder, part.rules, part.reading, part.first_line, part.start, seen)
