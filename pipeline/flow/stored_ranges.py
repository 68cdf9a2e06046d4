"""Reads one large upload by ranges of lines over an engine: its workers take their bytes out of the store themselves,
and leave their rows where this process finds them.

This process reads the file once, to hash it and to count its lines, and hands out each range as soon as its first line
is known; so the engine works while the file still passes by here.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, ByteReader
from pipeline.dataset.formats.opening import read_head
from pipeline.dataset.formats.recognise import HEAD_BYTES as RECOGNISED_BYTES
from pipeline.dataset.formats.recognise import Reading
from pipeline.dataset.profiles.budget import OverBudget
from pipeline.dataset.profiles.concluding import Source, conclude, refuse
from pipeline.dataset.profiles.parallel import MIN_RANGE_BYTES, reading_of_lines
from pipeline.dataset.profiles.part import profile_part
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.totals import Totals
from pipeline.engines import Engine, Tell, is_cluster, make_engine
from pipeline.settings import Settings
from pipeline.state.lake.part_places import PartPlace
from pipeline.state.store import Store, store_at


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where a store is, for a worker that opens it with its own credentials."""

    location: str
    s3_endpoint_url: str
    s3_region: str

    def connect(self) -> Store:
        """Open it."""
        return store_at(self.location, self._s3_client)

    def _s3_client(self) -> object:
        from pipeline.state.store.s3_client import make_s3_client

        return make_s3_client(self.s3_endpoint_url, self.s3_region)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One version of an object of the store."""

    place: StorePlace
    key: str
    version: str


@dataclass(frozen=True, slots=True)
class Span:
    """Whole lines of a file: its bytes from `start` to `stop`, the first of which is of line `first_line`."""

    start: int
    stop: int
    first_line: int


@dataclass(frozen=True, slots=True)
class StoredRange:
    """Lines of an object, how to read them, and where to leave what they hold."""

    file: StoredFile
    span: Span
    rules: Rules
    reading: Reading
    parts: PartPlace


@dataclass(frozen=True, slots=True)
class RangeRead:
    """What came of a range. name: under which its rows were left."""

    name: str
    totals: Totals


def read_range(part: StoredRange, tell: Tell) -> RangeRead | Finding:
    """Read a range, wherever this runs; returns the finding of one that takes too long.

    Raises:
        StoreError: the object cannot be read, or is another one.
        LakeError: the rows cannot be left.
    """
    file, span = part.file, part.span

    def seen(chunk: bytes) -> None:
        tell(len(chunk))

    with part.parts.lend() as lent, file.place.connect().open(file.key, span.start, span.stop, file.version) as stream:
        try:
            totals = profile_part(stream, lent.folder, part.rules, part.reading, span.first_line, span.start, seen)
        except OverBudget as error:
            return error.finding
    return RangeRead(lent.name, totals)


@dataclass(frozen=True, slots=True)
class Cluster:
    """An engine for large uploads. begin: starts it; place: where its workers find them; range_bytes: of one part."""

    begin: Callable[[], Engine]
    place: StorePlace
    range_bytes: int

    def profile(
        self, store: Store, key: str, version: str, size_bytes: int, parts: PartPlace, folder: Path, rules: Rules
    ) -> Profile | None:
        """Profile one version of an object; None for one whose lines cannot be shared out, as it is packed or has none.

        folder: gets all findings, and what `parts` collects.

        Raises:
            StoreError, LakeError: here or at a worker.
            EngineError: the engine gave a part up, or is down.
        """
        with store.open(key, 0, RECOGNISED_BYTES, version) as stream:
            reading = reading_of_lines(read_head(stream, RECOGNISED_BYTES), rules)
        if reading is None:
            return None
        file = StoredFile(self.place, key, version)
        done: dict[int, tuple[Totals, Path]] = {}
        with store.open(key, version=version) as stream, closing(self.begin()) as engine:
            passed = _Passed(stream)
            spans = passed.spans(min(self.range_bytes, max(MIN_RANGE_BYTES, -(-size_bytes // engine.width))))
            ranges = (StoredRange(file, span, rules, reading, parts) for span in spans)
            for number, read in engine.map(read_range, ranges):
                if isinstance(read, Finding):
                    passed.drain()
                    return refuse(read, passed.size_bytes, passed.sha256(), folder)
                done[number] = read.totals, parts.collect(read.name)
        parts.remove()
        totals, folders = zip(*(done[number] for number in range(len(done))), strict=True)
        source = Source(passed.size_bytes, passed.sha256(), reading)
        return conclude(list(totals), list(folders), source, folder, rules)


def cluster_of(settings: Settings) -> Cluster | None:
    """The cluster that an installation names; None where processes of this machine read what is large."""
    if not is_cluster(settings.engine):
        return None
    place = StorePlace(settings.store, settings.s3_endpoint_url, settings.s3_region)
    return Cluster(lambda: make_engine(settings.engine, 1), place, settings.range_bytes)


class _Passed:
    """A file that passes by: hashed, its lines counted, and cut into ranges."""

    def __init__(self, stream: ByteReader) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def spans(self, range_bytes: int) -> Iterator[Span]:
        """Ranges of whole lines of about that size, each as soon as its end has passed by."""
        start, first_line, newlines = 0, 1, 0
        while chunk := self._read():
            begin, cut = self.size_bytes - len(chunk), 0
            while (end := chunk.find(b"\n", max(cut, start + range_bytes - begin - 1))) >= 0:
                newlines += chunk.count(b"\n", cut, end + 1)
                yield Span(start, begin + end + 1, first_line)
                start, first_line, newlines, cut = begin + end + 1, first_line + newlines, 0, end + 1
            newlines += chunk.count(b"\n", cut)
        if start < self.size_bytes:
            yield Span(start, self.size_bytes, first_line)

    def drain(self) -> None:
        """Read what is left, so that the hash is of the whole file."""
        while self._read():
            pass

    def sha256(self) -> str:
        """Of what has passed by, in hex."""
        return self._digest.hexdigest()

    def _read(self) -> bytes:
        chunk = self._stream.read(BLOCK_BYTES)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        return chunk
