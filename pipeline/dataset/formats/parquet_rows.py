"""Reads a Parquet file as rows: as lines of JSON, in bounded memory.

Its end says where its columns lie, so it is copied to a temporary file first. Rows are decoded a few at a time.
"""

import tempfile
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, ByteReader, Pieced, copied
from pipeline.dataset.formats.containers import BrokenArchive, growth_fault
from pipeline.dataset.formats.parquet_dictionaries import rows_to_decode
from pipeline.dataset.rules.mismatch import Mismatch

MARK = b"PAR1"
NO_FIELD = ""  # the one field of a struct without fields, always null: Parquet holds no struct without any
_MOST_ROWS = 1_000  # decoded at once; fewer where they are long
_FEWEST_ROWS = 4  # decoded at once; where they may be too large for it, their texts stay in dictionaries
_READ_BYTES = 2**20
_SLICE_BYTES = 2**20  # of text, made at once where rows are as long as those before


class ParquetLines:
    """The rows of a Parquet file as a text of lines. It ends where the file breaks; `broken` says so afterwards."""

    def __init__(self, stream: ByteReader, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lines = Pieced(self._rows(stream))
        self.broken: BrokenArchive | None = None

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of text; empty at the end, and where the file breaks."""
        return self._lines.read(size)

    def _rows(self, stream: ByteReader) -> Iterator[bytes]:
        import pyarrow as pa
        import pyarrow.parquet as pq  # 40 MB that other files do not need

        with tempfile.TemporaryFile(prefix="lora-parquet-") as copy:
            size_bytes, given_bytes = copied(stream, copy), 0
            try:
                for lines in _lines_of(copy, pq):
                    some_bytes = sum(map(len, lines))
                    if growth_fault(given_bytes + some_bytes, size_bytes, self._max_bytes) is None:
                        given_bytes += some_bytes
                        yield b"".join(lines)
                        continue
                    for line in lines:
                        given_bytes += len(line)
                        self.broken = growth_fault(given_bytes, size_bytes, self._max_bytes)
                        if self.broken is not None:
                            return
                        yield line
            except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
                said = str(error).partition("\n")[0]
                self.broken = BrokenArchive("broken-archive", Mismatch("a whole Parquet file", f"a fault: {said}"))


def _lines_of(copy: IO[bytes], pq) -> Iterator[list[bytes]]:  # type: ignore[no-untyped-def]  # it has no types
    """Each row as a line, some at a time.

    Where one text of a dictionary may stand for a million rows, texts stay in dictionaries until a row is a line.
    """
    encode = msgspec.json.Encoder(enc_hook=str).encode
    with pq.ParquetFile(copy, buffer_size=_READ_BYTES, pre_buffer=False) as file:
        metadata = file.metadata
    columns = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    has_empty = any(column.path.endswith(f".{NO_FIELD}") for column in columns)
    held_bytes = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    row_bytes = held_bytes // max(1, metadata.num_rows)
    rows_at_once = max(1, min(_MOST_ROWS, BLOCK_BYTES // max(1, row_bytes)))
    kept = [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]
    copy.seek(0)
    with pq.ParquetFile(copy, buffer_size=_READ_BYTES, pre_buffer=False, read_dictionary=kept) as file:
        _begin_each(file)  # type: ignore[no-untyped-call]
    decoded_rows = rows_to_decode(copy, metadata)
    if decoded_rows >= _FEWEST_ROWS:
        kept, rows_at_once = [], min(rows_at_once, decoded_rows)
    copy.seek(0)
    with pq.ParquetFile(copy, buffer_size=_READ_BYTES, pre_buffer=False, read_dictionary=kept) as file:
        count = 1
        for batch in _batches(file, rows_at_once):  # type: ignore[no-untyped-call]
            at = 0
            while at < batch.num_rows:
                some = _plain(batch.slice(at, count))  # type: ignore[no-untyped-call]
                rows = some.to_pylist()
                if any(column.null_count for column in some.columns):
                    rows = map(_said, rows)
                if has_empty:
                    rows = map(_emptied, rows)
                lines = [encode(row) + b"\n" for row in rows]
                yield lines
                at += count
                count = max(1, min(2 * count, _MOST_ROWS, _SLICE_BYTES // (1 + max(map(len, lines)))))


def _begin_each(file):  # type: ignore[no-untyped-def]  # it has no types
    """Read a row of each row group: where Arrow's metadata of columns are odd, only its reader says so as an error.

    Asked from Python, the same ends the process.
    """
    for number in range(file.num_row_groups):
        next(file.iter_batches(1, row_groups=[number]), None)


def _batches(file, rows_at_once):  # type: ignore[no-untyped-def]  # it has no types
    """All rows, some at a time, never of two row groups: Arrow joins no lists whose texts are in two dictionaries."""
    for number in range(file.num_row_groups):
        yield from file.iter_batches(rows_at_once, row_groups=[number])


def _plain(batch):  # type: ignore[no-untyped-def]  # it has no types
    """The rows with moments as text: some have no value in Python."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [
        pc.cast(column, pa.string()) if pa.types.is_temporal(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _said(row: dict[str, object]) -> dict[str, object]:
    """The row without what it lacks: every row of a table has every column."""
    return {name: value for name, value in row.items() if value is not None}


def _emptied(value: Any) -> Any:
    """The value with its structs without fields as they were."""
    if isinstance(value, dict):
        return {} if value == {NO_FIELD: None} else {name: _emptied(each) for name, each in value.items()}
    return list(map(_emptied, value)) if isinstance(value, list) else value
