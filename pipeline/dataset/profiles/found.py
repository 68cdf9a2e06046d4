"""Some of the findings in a Parquet file, and how many there are, without reading what is not asked for.

All of them in order are in `merge.py`.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contract.finding_record import FindingRow
from pipeline.dataset.profiles.finding_columns import told
from pipeline.state.lake.older_files import current_findings

_ROWS = 65_536


def count_findings(path: Path, code: str | None) -> int:
    """How many findings there are, of one code or of all."""
    with pq.ParquetFile(path) as file:
        if code is None:
            return int(file.metadata.num_rows)
        return sum(_of_code(batch, code).num_rows for batch in file.iter_batches(_ROWS, columns=["code"]))


def some_findings(path: Path, code: str | None, first: int, limit: int) -> list[FindingRow]:
    """At most `limit` findings, of one code or of all, after the `first` ones."""
    rows: list[FindingRow] = []
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            found = current_findings(_of_code(batch, code))
            rows += told(found.slice(min(first, found.num_rows), limit - len(rows)))
            first = max(0, first - found.num_rows)
            if len(rows) == limit:
                break
    return rows


def _of_code(batch: pa.RecordBatch, code: str | None) -> pa.RecordBatch:
    if code is None:
        return batch
    import pyarrow.compute as pc  # 25 ms that the first findings of a file need not wait for

    return batch.filter(pc.equal(batch["code"], code))
