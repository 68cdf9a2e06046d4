"""Reads the place of each row in its upload, also from files of versions that knew only lines.

Before version 4 a row was named by its line. In JSON Lines the two are the same; the rows of an array that share a line
could not be told apart, which whoever joins tables of such a file still has to notice.
"""

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.state.lake.schemas import ROW


def row_column(file: pq.ParquetFile) -> str:
    """The column that names a row in the file: `row`, or `line` in an older one."""
    return ROW.name if ROW.name in file.schema_arrow.names else "line"


def with_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the column `row` in front; an older one gets its lines as rows."""
    if ROW.name in batch.schema.names:
        return batch
    schema = pa.schema([ROW, *batch.schema])
    return pa.RecordBatch.from_arrays([batch["line"], *batch.columns], schema=schema)
