"""Joins the findings of a file's parts with those that only the whole file shows, in row order."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.finding_record import FindingRow
from pipeline.dataset.findings.finding import CATALOGUE, ORDER, Finding, Scope, Severity
from pipeline.dataset.findings.finding_sentences import message_sentence
from pipeline.dataset.findings.groups import MAX_LISTED
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.profiles.finding_columns import finding_rows, told
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.state.lake import FINDINGS, TableWriter
from pipeline.state.lake.older_files import current_findings

_ROWS = 10_000
_END = float("inf")


def write_findings(
    parts: Sequence[Path],
    known_last: Sequence[Iterable[Finding]],
    target: Path,
    place_of: Callable[[int], str] | None = None,
) -> None:
    """Write the findings in row order, the first MAX_LISTED of each code.

    parts: Parquet files of findings, each in order and one after the other. known_last: findings that only the whole
    file shows, each in order, and no more of a code than are listed. place_of: what is said of a line's place, where
    its number alone does not tell it.

    Raises:
        LakeError: the target cannot be written.
    """
    with TableWriter("findings", target) as writer:
        late = _Late(known_last)
        for batch in _listed(_batches(parts)):
            for merged in _merged(batch, late.before(_last_key(batch))):
                _write(writer, merged, place_of)
        for rest in late.before(_END):
            _write(writer, rest, place_of)


def first_findings(path: Path, limit: int, severity: Severity | None = None) -> list[FindingRow]:
    """The first findings in a Parquet file, at most `limit`, of one severity or of any."""
    rows: list[FindingRow] = []
    for batch in _batches([path]):
        if severity is not None:
            import pyarrow.compute as pc  # 25 ms, and only files with errors need it

            batch = batch.filter(pc.equal(batch["severity"], severity.value))
        rows += told(batch.slice(0, limit - len(rows)))
        if len(rows) == limit:
            break
    return rows


def all_findings(path: Path) -> Iterator[FindingRow]:
    """Every finding in a Parquet file, in order, in bounded memory."""
    return (row for batch in _batches([path]) for row in told(batch))


def _batches(paths: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from map(current_findings, file.iter_batches(_ROWS))


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


def _keys(batch: pa.RecordBatch) -> Integers:
    """By what findings are ordered: the row, and within a row the catalogue."""
    encoded = batch["code"].dictionary_encode()
    places = np.array([ORDER[code] for code in encoded.dictionary.to_pylist()], dtype=np.int64)
    keys: Integers = batch["row"].to_numpy() * len(ORDER) + places[encoded.indices.to_numpy()]
    return keys


def _last_key(batch: pa.RecordBatch) -> int:
    return int(_keys(batch.slice(len(batch) - 1))[0])


class _Late:
    """Findings that only the whole file shows, in order, taken from the front."""

    def __init__(self, found: Sequence[Iterable[Finding]]) -> None:
        self._found = heapq.merge(*found, key=_key)
        self._first = next(self._found, None)

    def before(self, end: float) -> Iterator[pa.RecordBatch]:
        """Those that stand before a place; they are gone then."""
        while taken := list(islice(self._taken(end), _ROWS)):
            yield pa.RecordBatch.from_pydict(finding_rows(taken), schema=FINDINGS)

    def _taken(self, end: float) -> Iterator[Finding]:
        while self._first is not None and _key(self._first) < end:
            finding, self._first = self._first, next(self._found, None)
            yield finding


def _key(finding: Finding) -> int:
    row, place = finding.sort_key
    return row * len(ORDER) + place


def _merged(batch: pa.RecordBatch, late: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of both in order. Column by column: as objects, ten thousand rows would take longer than their lines."""
    for some in late:
        count = int(np.searchsorted(_keys(batch), _last_key(some), side="right"))
        both = pa.Table.from_batches([batch.slice(0, count), some]).combine_chunks().to_batches()[0]
        yield both.take(pa.array(np.argsort(_keys(both), kind="stable")))
        batch = batch.slice(count)
    if len(batch):
        yield batch


def _write(writer: TableWriter, batch: pa.RecordBatch, place_of: Callable[[int], str] | None) -> None:
    placed = batch if place_of is None else _placed(batch, place_of)
    writer.write({name: placed[name] for name in FINDINGS.names})


def _placed(batch: pa.RecordBatch, place_of: Callable[[int], str]) -> pa.RecordBatch:
    """The findings of rows with what is said of their places behind the rest of their details."""
    rows: list[FindingRow] = batch.to_pylist()
    for row in rows:
        kind = CATALOGUE[row["code"]]
        if kind.scope is Scope.LINE:
            place = f"({place_of(row['line'])})"
            row["detail"] = place if row["detail"] is None else f"{row['detail']} {place}"
            mismatch = Mismatch(row["expected"], row["found"], row["detail"], row["column"])
            row["message"] = message_sentence(kind.code, mismatch, kind.remedy)
    return pa.RecordBatch.from_pylist(rows, schema=FINDINGS)
