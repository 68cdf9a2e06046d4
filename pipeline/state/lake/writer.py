"""Writes rows of a table to a Parquet file, in bounded memory."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.schemas import ROW_TEXT, SCHEMAS

DICTIONARY_COLUMNS = {
    "turns": ["role"],
    "findings": ["code", "severity", "path", "expected", "found", "detail", ROW_TEXT],
}
_STATISTICS_COLUMNS = ["row", "line"]  # what readers prune by; statistics over long text cost time and help nobody
# A column of a row group costs 860 bytes of memory until the file is closed: docs/decisions/0021-memory.md.
_GROUP_WRITES = 4
_GROUP_BYTES = 16 * 2**20  # however few writes: one line may be as large as this


class TableWriter:
    """Writes one Parquet file of a table, a few calls to a row group. Closing without rows leaves a valid, empty file.

    Where there are several groups a thread of its own does the writing, while the caller waits. Parquet keeps a little
    metadata of every row group until the file is closed; glibc gives each thread its own heap, so these small pieces
    cannot lie among the caller's large short-lived buffers, where they keep freed memory from being used again as the
    file grows.
    """

    def __init__(self, table: str, path: Path) -> None:
        self._schema = SCHEMAS[table]
        with lake_errors("write", path):
            self._writer = pq.ParquetWriter(
                path,
                self._schema,
                compression="snappy",
                use_dictionary=DICTIONARY_COLUMNS.get(table, False),
                write_statistics=_STATISTICS_COLUMNS,
            )
        self._path = path
        self._held: list[pa.RecordBatch] = []
        self._threads = ExitStack()
        self._thread: ThreadPoolExecutor | None = None

    def write(self, columns: dict[str, pa.Array]) -> None:
        """Append rows; `columns` holds every column of the table's schema.

        Raises:
            LakeError: the disk is full, or the folder cannot be written.
        """
        arrays = [columns[field.name] for field in self._schema]
        self._held.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if len(self._held) == _GROUP_WRITES or sum(batch.nbytes for batch in self._held) >= _GROUP_BYTES:
            self._write_group()

    def _write_group(self, *, is_last: bool = False) -> None:
        # One dictionary a group: where it changes, Parquet goes on without one.
        table = pa.Table.from_batches(self._held, self._schema).unify_dictionaries()
        self._held = []
        with lake_errors("write", self._path):
            if is_last and self._thread is None:  # the only one: a thread would take longer than the writing
                self._writer.write_table(table)
                return
            if self._thread is None:
                self._thread = self._threads.enter_context(ThreadPoolExecutor(1, f"write-{self._path.stem}"))
            self._thread.submit(self._writer.write_table, table).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._threads:
            try:
                if self._held and error is None:
                    self._write_group(is_last=True)
            finally:
                with lake_errors("write", self._path):
                    self._writer.close()


def join_tables(table: str, parts: Sequence[Path], path: Path) -> Path:
    """Write the rows of several Parquet files of a table into one, in order, a row group at a time; returns its path.

    Raises:
        LakeError: the disk is full, or the folder cannot be written.
    """
    with TableWriter(table, path) as writer, closing(_ahead(_batches(parts))) as batches:
        for batch in batches:
            writer.write(dict(zip(batch.schema.names, batch.columns, strict=True)))
    return path


def _batches(parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            for number in range(file.num_row_groups):
                yield from file.read_row_group(number).combine_chunks().to_batches()


def _ahead(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch]:
    """The same, each read by another thread while the one before it is written."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def write_empty(table: str, path: Path) -> Path:
    """Leave a valid Parquet file of the table with no rows at `path`, and return it.

    Raises:
        LakeError: the disk is full, or the folder cannot be written.
    """
    with TableWriter(table, path):
        return path
