"""Reads one large upload, or shards, by ranges of lines over an engine: its workers take their bytes out of the store
themselves, and leave their rows where this process finds them.

This process lets the text pass by once (`passing.py`), to hash it and to count its lines, and hands out each range as
soon as its first line is known; so the engine works while the text still passes by here.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, BYTE_ORDER_MARK, ByteReader, Pieced, read_head
from pipeline.dataset.formats.containers import BrokenArchive, unpacked
from pipeline.dataset.formats.recognise import HEAD_BYTES as RECOGNISED_BYTES
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.formats.sniff import HEAD_BYTES as SNIFFED_BYTES
from pipeline.dataset.formats.sniff import sniff
from pipeline.dataset.model.printable import printable
from pipeline.dataset.near.near_duplicates import FindRoots
from pipeline.dataset.profiles.budget import OverBudget
from pipeline.dataset.profiles.concluding import Source, conclude, refuse
from pipeline.dataset.profiles.parallel import MIN_RANGE_BYTES, reading_of_lines
from pipeline.dataset.profiles.part import profile_part
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.totals import Totals
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.engines import Engine, Tell, is_cluster, make_engine
from pipeline.flow.passing import PassedFiles, Span
from pipeline.flow.stored_near import BandsByEngine
from pipeline.settings import Settings
from pipeline.state.lake.places_of_parts import PartPlace
from pipeline.state.store import Store, store_at
from pipeline.wording import count_of

_LOOKED_AT_BYTES = 2**16


class StorePlace(Protocol):
    """Where a store is, for a worker that opens it with its own credentials."""

    def connect(self) -> Store:
        """Open it."""


@dataclass(frozen=True, slots=True)
class StoreHere:
    """A store that is open, for work in this process."""

    store: Store

    def connect(self) -> Store:
        """See `StorePlace.connect`."""
        return self.store


@dataclass(frozen=True, slots=True)
class StoreAt:
    """A store by its address. It can be pickled, and holds no credentials."""

    location: str
    s3_endpoint_url: str
    s3_region: str

    def connect(self) -> Store:
        """See `StorePlace.connect`."""
        return store_at(self.location, self._s3_client)

    def _s3_client(self) -> object:
        from pipeline.state.store.s3_client import make_s3_client

        return make_s3_client(self.s3_endpoint_url, self.s3_region)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One version of an object of the store."""

    key: str
    version: str
    size_bytes: int
    name: str
    """For people."""


@dataclass(frozen=True, slots=True)
class StoredRange:
    """Lines of an object, how to read them, and where to leave what they hold."""

    place: StorePlace
    file: StoredFile
    span: Span
    rules: Rules
    reading: Reading
    parts: PartPlace


@dataclass(frozen=True, slots=True)
class RangeRead:
    """What came of a range."""

    name: str
    """Under which its rows were left."""
    totals: Totals


def read_range(part: StoredRange, tell: Tell) -> RangeRead | Finding:
    """Read a range, wherever this runs; returns the finding of one that takes too long.

    Raises:
        StoreError: the object cannot be read, or is another one.
        LakeError: the rows cannot be left.
    """
    span, rules = part.span, part.rules

    def seen(chunk: bytes) -> None:
        tell(len(chunk))

    with part.parts.lend() as lent, _text_of(part) as text:
        try:
            totals = profile_part(text, lent.folder, rules, part.reading, span.first_line, span.offset, seen)
        except OverBudget as error:
            return error.finding
    return RangeRead(lent.name, totals)


@contextmanager
def _text_of(part: StoredRange) -> Iterator[ByteReader]:
    """The range's lines, as they stand in the text of all files."""
    file, span, store = part.file, part.span, part.place.connect()
    is_packed = span.stop is None
    with store.open(file.key, 0 if is_packed else span.start, span.stop, file.version) as stored:
        text: ByteReader = stored
        if is_packed:
            text, _ = unpacked(stored, part.rules.limits.max_unpacked_bytes)
            read_head(text, span.start)
        yield Pieced(chain(iter(lambda: text.read(BLOCK_BYTES), b""), [span.ending])) if span.ending else text


@dataclass(frozen=True, slots=True)
class Cluster:
    """An engine for large uploads."""

    begin: Callable[[], Engine]
    """Starts it."""
    place: StorePlace
    """Where its workers find them."""
    range_bytes: int
    """Of one part."""
    near_rows: int = sys.maxsize
    """Conversations of a dataset from which its workers also look for near-duplicates."""

    def profile(self, store: Store, file: StoredFile, parts: PartPlace, folder: Path, rules: Rules) -> Profile | None:
        """Profile one object; None for one whose lines cannot be shared out. Raises what `profile_shards` does."""
        with store.open(file.key, version=file.version) as stored:
            reading = reading_of_lines(read_head(stored, RECOGNISED_BYTES), rules)
        if reading is None:
            return None
        passed = PassedFiles([file.name], lambda _: store.open(file.key, version=file.version), 2**62)
        return self._profile(passed, [file], reading, parts, folder, rules)

    def profile_shards(
        self, store: Store, files: Sequence[StoredFile], parts: PartPlace, folder: Path, rules: Rules
    ) -> Profile:
        """Profile shards as one dataset.

        folder: gets all findings, and what `parts` collects.

        Raises:
            StoreError, LakeError: here or at a worker.
            EngineError: the engine gave a part up, or is down.
        """

        def check(number: int, head: bytes) -> None:
            if number:
                _check_alike(files[number].name, head, reading, rules)

        passed = PassedFiles(
            [file.name for file in files],
            lambda number: store.open(files[number].key, version=files[number].version),
            rules.limits.max_unpacked_bytes,
            check,
        )
        try:
            reading = _reading(store, files, rules)
            return self._profile(passed, files, reading, parts, folder, rules)
        except BrokenArchive as error:
            return refuse(Finding(1, 0, error.code, "$", error.mismatch), _size_of(files), None, folder)

    def _profile(
        self,
        passed: PassedFiles,
        files: Sequence[StoredFile],
        reading: Reading,
        parts: PartPlace,
        folder: Path,
        rules: Rules,
    ) -> Profile:
        done: dict[int, tuple[RangeRead, Path]] = {}
        with closing(self.begin()) as engine:
            wanted_bytes = max(MIN_RANGE_BYTES, -(-_size_of(files) // engine.width))
            spans = passed.spans(min(self.range_bytes, wanted_bytes))
            ranges = (StoredRange(self.place, files[span.file], span, rules, reading, parts) for span in spans)
            for number, read in engine.map(read_range, ranges):
                if isinstance(read, Finding):
                    deque(spans, maxlen=0)  # so that the hash is of all of it
                    return refuse(read, passed.size_bytes, passed.sha256(), folder)
                done[number] = read, parts.collect(read.name)
            reads = [done[number][0] for number in range(len(done))]
            folders = [done[number][1] for number in range(len(done))]
            totals = [read.totals for read in reads]
            source = _source(passed, totals, reading, are_several=len(files) > 1)
            profile = conclude(totals, folders, source, folder, rules, self._find_roots(engine, parts, reads))
        parts.remove()
        return profile

    def _find_roots(self, engine: Engine, parts: PartPlace, reads: Sequence[RangeRead]) -> FindRoots | None:
        """Who looks for near-duplicates: the engine where there are many conversations, else this process."""
        if sum(read.totals.statistics.conversations for read in reads) < self.near_rows:
            return None
        return BandsByEngine(engine, parts, tuple(read.name for read in reads)).roots


def _source(passed: PassedFiles, totals: Sequence[Totals], reading: Reading, *, are_several: bool) -> Source:
    broken, lines = passed.broken, max(1, sum(each.statistics.lines for each in totals))
    of_file = (Finding(lines, 0, broken.code, "$", broken.mismatch, lines),) if broken else ()
    place_of = passed.place_of if are_several else None
    return Source(passed.size_bytes, passed.sha256(), reading, of_file, place_of)


def _reading(store: Store, files: Sequence[StoredFile], rules: Rules) -> Reading:
    """How to read the text of shards, by the beginning of the first that has more than blank lines.

    Raises:
        BrokenArchive: they hold nothing, or no lines.
    """
    is_empty = True
    for file in files:
        with store.open(file.key, version=file.version) as stored:
            text, expanded = unpacked(stored, rules.limits.max_unpacked_bytes)
            head = read_head(text, RECOGNISED_BYTES)
        is_empty = is_empty and not head and not (expanded and expanded.broken)
        if head.removeprefix(BYTE_ORDER_MARK).strip():
            break
    if is_empty and (found := sniff(b"")):
        raise BrokenArchive(found.code, found.mismatch)
    reading = reading_of_lines(head or b"\n", rules)
    if reading is None:
        raise _no_lines(file.name, head)
    if len(files) == 1:
        return reading
    said = f"the rows are in {count_of(len(files), 'shard')}, {files[0].name} to {files[-1].name}"
    return replace(reading, why=f"{reading.why}; {said}")


def _check_alike(name: str, head: bytes, reading: Reading, rules: Rules) -> None:
    """See that a shard can be read as the first one is.

    Raises:
        BrokenArchive: it cannot.
    """
    own = reading_of_lines(head[:_LOOKED_AT_BYTES], rules)
    if own is None:
        raise _no_lines(name, head)
    if own.is_certain and reading.is_certain and own.form.name != reading.form.name:
        found = f"{reading.form.name} in the first and {own.form.name} in {printable(name, 200)}"
        raise BrokenArchive("mixed-archive", Mismatch("shards of lines, of one format", found))


def _no_lines(name: str, head: bytes) -> BrokenArchive:
    """The refusal of a shard, with what it is as far as its first bytes say it."""
    told = sniff(head[:SNIFFED_BYTES], head)
    found = f"{told.mismatch.found if told else 'other rows'} in {printable(name, 200)}"
    return BrokenArchive("mixed-archive", Mismatch("shards of lines, plain or packed by gzip or Zstandard", found))


def _size_of(files: Sequence[StoredFile]) -> int:
    return sum(file.size_bytes for file in files)


def cluster_of(settings: Settings) -> Cluster | None:
    """The cluster that an installation names; None where processes of this machine read what is large."""
    if not is_cluster(settings.engine):
        return None
    return Cluster(
        lambda: make_engine(settings.engine, 1),
        store_of(settings),
        settings.range_bytes,
        settings.cluster_near_rows,
    )


def store_of(settings: Settings) -> StoreAt:
    """Where an installation's uploads are."""
    return StoreAt(settings.store, settings.s3_endpoint_url, settings.s3_region)
