"""The tables of the lake: their columns, how rows are written, and how a dataset is put in place whole.

Files are immutable Parquet. A dataset's file of a table lies at `<table>/dataset_id=<id>/data.parquet`; its profile
is placed last, so a dataset is in the lake when its profile is. What stands in the rows is decided elsewhere.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import LakeError

CONVERSATIONS = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),  # 1-based line in the upload
        pa.field("offset", pa.int64(), nullable=False),  # of the line's first byte
        pa.field("conversation_id", pa.string(), nullable=False),
        pa.field("turn_count", pa.int64(), nullable=False),
        pa.field("word_count", pa.int64(), nullable=False),
        pa.field("turns_hash", pa.binary(16), nullable=False),  # xxh3-128 of roles and contents, equal when they are
    ]
)
TURNS = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("turn_index", pa.int32(), nullable=False),  # 0-based in the conversation
        pa.field("role", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("content", pa.large_string(), nullable=False),
        pa.field("word_count", pa.int32(), nullable=False),
    ]
)
FINDINGS = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
    ]
)
SCHEMAS: dict[str, pa.Schema] = {"conversations": CONVERSATIONS, "turns": TURNS, "findings": FINDINGS}

_DICTIONARY_COLUMNS = {"turns": ["role"], "findings": ["code", "severity", "path"]}
_STATISTICS_COLUMNS = ["line"]  # what readers prune by; statistics over long text cost time and help nobody


class TableWriter:
    """Writes one Parquet file of a table, a row group a call. Closing without rows leaves a valid, empty file."""

    def __init__(self, table: str, path: Path) -> None:
        self._schema = SCHEMAS[table]
        try:
            self._writer = pq.ParquetWriter(
                path,
                self._schema,
                compression="snappy",
                use_dictionary=_DICTIONARY_COLUMNS.get(table, False),
                write_statistics=_STATISTICS_COLUMNS,
            )
        except OSError as error:
            raise _unwritable(path, error) from error
        self._path = path

    def write(self, columns: dict[str, pa.Array]) -> None:
        """Append rows; `columns` holds every column of the table's schema.

        Raises:
            LakeError: the disk is full, or the folder cannot be written.
        """
        arrays = [columns[field.name] for field in self._schema]
        try:
            self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._writer.close()
        except OSError as failure:
            raise _unwritable(self._path, failure) from failure


def _unwritable(path: Path, error: OSError) -> LakeError:
    return LakeError(f"cannot write {path}: {error.strerror or error}; free some space there and try again")
