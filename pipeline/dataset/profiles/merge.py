"""Joins the findings of a file's parts with those that only the whole file shows, in row order."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dataset.findings.finding import ORDER, Finding, Severity
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.state.lake import FINDINGS, TableWriter
from pipeline.state.lake.places import with_rows

FindingRow: TypeAlias = dict[str, int | str]  # the shape of Finding.as_dict()

_ROWS = 10_000
_Order: TypeAlias = tuple[float, int]
_END: _Order = (float("inf"), 0)


def write_findings(parts: Sequence[Path], known_last: Sequence[Iterable[Finding]], target: Path) -> None:
    """Write the findings in row order, the first MAX_LISTED of each code.

    parts: Parquet files of findings, each in order and one after the other. known_last: findings that only the whole
    file shows, each in order, and no more of a code than are listed.

    Raises:
        LakeError: the target cannot be written.
    """
    with TableWriter("findings", target) as writer:
        late = _Late(known_last)
        for batch in _listed(_batches(parts)):
            end = _row_order(batch.slice(len(batch) - 1).to_pylist()[0])
            if late.has_before(end):
                _write_rows(writer, heapq.merge(batch.to_pylist(), late.before(end), key=_row_order))
            else:  # as it is: of a file with millions of findings, rows as objects would take most of the time
                writer.write({name: batch[name] for name in FINDINGS.names})
        _write_rows(writer, late.before(_END))


def first_findings(path: Path, limit: int, severity: Severity | None = None) -> list[FindingRow]:
    """The first findings in a Parquet file, at most `limit`, of one severity or of any."""
    rows: list[FindingRow] = []
    for batch in _batches([path]):
        if severity is not None:
            import pyarrow.compute as pc  # 25 ms, and only files with errors need it

            batch = batch.filter(pc.equal(batch["severity"], severity.value))
        rows += batch.slice(0, limit - len(rows)).to_pylist()
        if len(rows) == limit:
            break
    return rows


def all_findings(path: Path) -> Iterator[FindingRow]:
    """Every finding in a Parquet file, in order, in bounded memory."""
    return (row for batch in _batches([path]) for row in batch.to_pylist())


def _batches(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from map(with_rows, file.iter_batches(_ROWS))


def _listed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The first MAX_LISTED of each code: each part has as many."""
    before: Counter[str] = Counter()
    for batch in batches:
        encoded = batch["code"].dictionary_encode()
        places, is_listed = encoded.indices.to_numpy(), np.ones(len(batch), dtype=np.bool_)
        for number, code in enumerate(encoded.dictionary.to_pylist()):
            is_of_code = places == number
            is_listed[np.flatnonzero(is_of_code)[MAX_LISTED - before[code] :]] = False
            before[code] = min(MAX_LISTED, before[code] + int(is_of_code.sum()))
        listed = batch if is_listed.all() else batch.filter(pa.array(is_listed))
        if len(listed):
            yield listed


def _row_order(row: FindingRow) -> _Order:
    return int(row["row"]), ORDER[str(row["code"])]


class _Late:
    """Findings that only the whole file shows, in order, taken from the front."""

    def __init__(self, found: Sequence[Iterable[Finding]]) -> None:
        self._rows = heapq.merge(*(map(Finding.as_dict, findings) for findings in found), key=_row_order)
        self._first = next(self._rows, None)

    def has_before(self, end: _Order) -> bool:
        return self._first is not None and _row_order(self._first) < end

    def before(self, end: _Order) -> Iterator[FindingRow]:
        """Those that stand before a place; they are gone then."""
        while self._first is not None and _row_order(self._first) < end:
            row, self._first = self._first, next(self._rows, None)
            yield row


def _write_rows(writer: TableWriter, rows: Iterator[FindingRow]) -> None:
    while chunk := list(islice(rows, _ROWS)):
        writer.write(_columns(chunk))


def _columns(rows: list[FindingRow]) -> dict[str, pa.Array]:
    return {field.name: pa.array([row[field.name] for row in rows], field.type) for field in FINDINGS}
