"""Reads lines of an upload once more, for who wants to see what a finding speaks of; the lake keeps accepted rows only.

Bounded: of a line so much is read as may be looked at, and of a packed file so much is unpacked. What cannot be shown
is None; an upload that is gone or was replaced has no lines.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.marked_line import MarkedLine
from pipeline.dataset.findings.drawn_lines import drawn_line, is_of_a_line
from pipeline.dataset.findings.excerpt import excerpt
from pipeline.dataset.findings.json_path import locate
from pipeline.dataset.formats.blocks_of_lines import ByteReader
from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.opening import open_text
from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable
from pipeline.flow.kept_bytes import kept_upload
from pipeline.flow.shards import opened_upload
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.lake import Lake
from pipeline.state.store import Store

LOOK_BYTES = 64 * 2**10  # of a line
UNPACKED_BYTES = 64 * 2**20  # what lies further into a packed file is not looked for: a fifth of a second
WIDTH = 240  # characters of a piece
COPIED_BYTES = 16 * 2**20  # lines of a larger archive or Parquet file are not looked for: it is copied for each look
_TAKEN_BYTES = UNPACKED_BYTES + 16 * 2**20  # with the rest of the piece in which the last place is
_CHUNK_BYTES = 2**20
_LINES, _PARQUET = "jsonl", "parquet"
_VALUES = ("json-array", "json-objects", "json-field")
_Found = tuple[bytes, bool]


@dataclass(frozen=True, slots=True)
class UploadLines:
    """The lines of one upload."""

    store: Store
    dataset: Dataset
    container: str
    """As its profile names them."""
    compression: str
    """As its profile names them."""

    def marked(self, findings: Sequence[FindingRecord], width: int = WIDTH) -> list[MarkedLine | None]:
        """The piece of each finding's line, in the order of the findings.

        Raises:
            StoreError: the store cannot be reached.
        """
        offsets = sorted({each.byte_offset for each in findings if is_of_a_line(each)})
        texts = self._texts(offsets)
        return [self._drawn(each, texts.get(each.byte_offset), width) for each in findings]

    def _drawn(self, finding: FindingRecord, found: _Found | None, width: int) -> MarkedLine | None:
        if found is None or not is_of_a_line(finding):
            return None
        text, is_cut = found
        if self.container not in (_LINES, _PARQUET, *_VALUES):  # the row's path leads nowhere in such a line
            piece = excerpt(text, None, width, is_cut=is_cut)
            return MarkedLine(piece.before, "", "", None) if text.strip() else None
        drawn = drawn_line(text, finding, width, is_cut=is_cut)
        if drawn is None:
            return None
        piece, column = drawn
        return MarkedLine(piece.before, piece.marked, piece.after, column)

    def _texts(self, offsets: Sequence[int]) -> dict[int, _Found]:
        """What stands at each place, and whether there is more of it."""
        if not offsets:
            return {}
        try:
            runs = self._runs(offsets)
            return {offset: self._ended(text) for run in runs for offset, text in run}
        except (ObjectMissing, ObjectChanged, ObjectUnreadable):
            return {}

    def _runs(self, offsets: Sequence[int]) -> Iterator[Iterator[tuple[int, bytes]]]:
        if self._is_copied and self.dataset.file_size > COPIED_BYTES:
            return
        kept = kept_upload(self.store, self.dataset)
        key, version = kept.key, kept.version
        if kept.shards:
            near = [offset for offset in offsets if offset <= UNPACKED_BYTES]
            with opened_upload(self.store, kept, sys.maxsize, is_whole=False) as text:
                yield _pieces(text, 0, near)
            return
        if self.compression != Compression.NONE or self.container == _PARQUET:
            with self.store.open(key, version=version) as packed:
                near = [offset for offset in offsets if offset <= UNPACKED_BYTES]
                yield _pieces(open_text(packed, None, _TAKEN_BYTES).text, 0, near)
            return
        for run in _neighbours(offsets):
            with self.store.open(key, run[0], run[-1] + LOOK_BYTES, version) as reader:
                yield _pieces(reader, run[0], run)

    @property
    def _is_copied(self) -> bool:
        """Whether all of it is copied to a temporary file before a line can be read, as its end says what is where."""
        return self.container == _PARQUET or self.compression in (Compression.ZIP, Compression.TAR)

    def _ended(self, text: bytes) -> _Found:
        """The row's text alone. A value of JSON may go over lines; their ends are spaces, so that places stay."""
        if self.container in _VALUES:
            value = locate(text, "$")
            whole = text[: value.stop] if value else text
            return whole.replace(b"\n", b" ").replace(b"\r", b" "), len(whole) == LOOK_BYTES
        line, newline, _ = text.partition(b"\n")
        return line.removesuffix(b"\r"), not newline and len(text) == LOOK_BYTES


def lines_of_dataset(store: Store, lake: Lake, dataset: Dataset) -> UploadLines | None:
    """The lines of a dataset that was read; None where the lake has no profile of it.

    Raises:
        LakeError: the lake cannot be read.
    """
    profiles = lake.read_profiles([dataset.id]).select(["container", "compression"]).to_pylist()
    return UploadLines(store, dataset, **profiles[0]) if profiles else None


def _neighbours(offsets: Sequence[int]) -> Iterator[list[int]]:
    """Places that are read at once, since they lie so near that one request is cheaper than two."""
    run: list[int] = []
    for offset in offsets:
        if run and offset - run[-1] > LOOK_BYTES:
            yield run
            run = []
        run.append(offset)
    yield run


def _pieces(reader: ByteReader, start: int, offsets: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """LOOK_BYTES from each place, of a text that is read once. start: where the reader stands; offsets: ascending."""
    held = b""
    for offset in offsets:
        while start + len(held) < offset + LOOK_BYTES and (more := reader.read(_CHUNK_BYTES)):
            held += more
            passed = min(max(offset - start, 0), len(held))
            held, start = held[passed:], start + passed
        passed = min(max(offset - start, 0), len(held))
        held, start = held[passed:], start + passed
        if held and start == offset:
            yield offset, held[:LOOK_BYTES]
