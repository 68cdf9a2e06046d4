"""Picks the findings that a report shows: the first places of each code, each with the piece of its line.

Reads the findings that the engine left and, in the dataset, only the lines that are shown.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.drawn_lines import drawn_line, is_of_a_line
from pipeline.dataset.findings.excerpt import Excerpt
from pipeline.dataset.findings.finding import CATALOGUE, ORDER, FindingKind, Severity

PLACES_PER_CODE = 5
LOOK_BYTES = 4 * 2**20  # of a line; what lies further in is named but not drawn


@dataclass(frozen=True, slots=True)
class Place:
    """One finding as the report shows it."""

    finding: FindingRecord
    column: int | None = None
    """1-based, in characters, where the mark begins; None where the line cannot be shown."""
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one code: how many there are, and the first places."""

    kind: FindingKind
    count: int
    places: tuple[Place, ...]


def grouped(counts: Counter[str], findings_path: Path, dataset: Path | None, width: int) -> list[Group]:
    """The findings by code, errors first, then the most frequent.

    findings_path: the listed findings, as Parquet. dataset: where the lines can be read again, None for a stream.
    width: cells that an excerpt may take.
    """
    wanted = {code: min(count, PLACES_PER_CODE) for code, count in counts.items()}
    found = _first_findings(findings_path, wanted)
    kinds = sorted((CATALOGUE[code] for code in found), key=lambda kind: _importance(kind, counts))
    if dataset is None:
        return [Group(kind, counts[kind.code], tuple(map(Place, found[kind.code]))) for kind in kinds]
    with dataset.open("rb") as stream:
        return [
            Group(kind, counts[kind.code], tuple(_drawn(stream, each, width) for each in found[kind.code]))
            for kind in kinds
        ]


def _importance(kind: FindingKind, counts: Mapping[str, int]) -> tuple[int, int, int]:
    return list(Severity).index(kind.severity), -counts[kind.code], ORDER[kind.code]


def _first_findings(findings_path: Path, wanted: dict[str, int]) -> dict[str, list[FindingRecord]]:
    """The first findings of each code; stops reading once there are as many as wanted."""
    found: dict[str, list[FindingRecord]] = {code: [] for code in wanted}
    for batch in _batches(findings_path):
        missing = {code: count - len(found[code]) for code, count in wanted.items() if len(found[code]) < count}
        if not missing:
            break
        codes = batch["code"].to_numpy(zero_copy_only=False)
        for code, count in missing.items():
            places = np.flatnonzero(codes == code)[:count].tolist()
            found[code] += (FindingRecord.of(batch.slice(place, 1).to_pylist()[0]) for place in places)
    return found


def _batches(findings_path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(findings_path) as file:
        yield from file.iter_batches()


def _drawn(stream: BinaryIO, finding: FindingRecord, width: int) -> Place:
    """A place with the piece of its line, where the finding speaks of a line that has something to show."""
    if not is_of_a_line(finding):
        return Place(finding)
    text, is_cut = _read_line(stream, finding.byte_offset)
    drawn = drawn_line(text, finding, width, is_cut=is_cut)
    return Place(finding) if drawn is None else Place(finding, drawn[1], drawn[0])


def _read_line(stream: BinaryIO, offset: int) -> tuple[bytes, bool]:
    """The line, or its first LOOK_BYTES, without its end; and whether there is more of it."""
    stream.seek(offset)
    text = stream.readline(LOOK_BYTES)
    is_cut = len(text) == LOOK_BYTES and not text.endswith(b"\n")
    return text.removesuffix(b"\n").removesuffix(b"\r"), is_cut
