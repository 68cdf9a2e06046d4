"""Reads files of the lake that an older version wrote: what it called otherwise is renamed, what it lacked is null.

Before version 4 a row was named by its line. In JSON Lines the two are the same; the rows of an array that share a line
could not be told apart, which whoever joins tables of such a file still has to notice. Before version 5 a finding was
its message alone, from which nothing is taken back.
"""

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.state.lake.schemas import FINDINGS, FORMER_NAMES, ROW


def row_column(file: pq.ParquetFile) -> str:
    """The column that names a row in the file: `row`, or `line` in an older one."""
    return ROW.name if ROW.name in file.schema_arrow.names else FORMER_NAMES[ROW.name]


def current_findings(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Findings with all columns of today, in their order."""
    if batch.schema.names == FINDINGS.names:
        return batch
    return pa.RecordBatch.from_arrays([_column(batch, field) for field in FINDINGS], names=FINDINGS.names)


def _column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    for name in (field.name, FORMER_NAMES.get(field.name)):
        if name in batch.schema.names:
            return batch[name]
    return pa.nulls(len(batch), field.type)
