"""Joins the findings of a file's parts with those that only the whole file shows, in line order."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.conversations.findings import ORDER, Finding, Severity
from pipeline.lake import FINDINGS, TableWriter

FindingRow: TypeAlias = dict[str, int | str]  # the shape of Finding.as_dict()

_ROWS = 10_000


def write_findings(parts: Sequence[Path], known_last: Sequence[Iterable[Finding]], target: Path) -> None:
    """Write all findings in line order.

    parts: Parquet files of findings, each in order and one after the other. known_last: findings that only the whole
    file shows, each in order.

    Raises:
        LakeError: the target cannot be written.
    """
    with TableWriter("findings", target) as writer:
        if not known_last:
            for batch in _batches(parts):
                writer.write({name: batch[name] for name in FINDINGS.names})
            return
        read = (row for batch in _batches(parts) for row in batch.to_pylist())
        others = [(finding.as_dict() for finding in found) for found in known_last]
        rows = heapq.merge(read, *others, key=_row_order)
        while chunk := list(islice(rows, _ROWS)):
            writer.write(_columns(chunk))


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
            yield from file.iter_batches(_ROWS)


def _row_order(row: FindingRow) -> tuple[int, int]:
    return int(row["line"]), ORDER[str(row["code"])]


def _columns(rows: list[FindingRow]) -> dict[str, pa.Array]:
    return {field.name: pa.array([row[field.name] for row in rows], field.type) for field in FINDINGS}
