"""Rows of a Parquet file are decoded many at once, unless a dictionary would make far more of them than they are."""

import io
from unittest.mock import patch

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.dataset.formats import parquet_dictionaries, parquet_rows
from pipeline.dataset.formats.parquet_dictionaries import rows_to_decode
from pipeline.dataset.formats.parquet_rows import ParquetLines

ROWS = [{"id": n, "messages": [{"role": "user", "content": f"{n} " * 60}] * (n % 5)} for n in range(2_000)]
LONG = pa.array(["x" * 2**20, "a"])


def written(table: pa.Table, **options: object) -> io.BytesIO:
    made = io.BytesIO()
    pq.write_table(table, made, **options)
    return made


def rows_of(file: io.BytesIO) -> int:
    return rows_to_decode(file, pq.ParquetFile(file).metadata)


def test_what_writers_make_of_many_texts_is_decoded_at_once():
    """So that nothing takes ten times as long as it need."""
    of_polars = io.BytesIO()
    pl.DataFrame(ROWS).write_parquet(of_polars)

    assert rows_of(written(pa.Table.from_pylist(ROWS))) > 100
    assert rows_of(of_polars) > 100


@pytest.mark.parametrize(
    ("texts", "options", "most"),
    [
        (LONG.take(pa.array([0] * 1_000)), {}, 127),
        (pa.array([LONG.to_pylist() * 50] * 3), {}, 1),  # a row repeats it a hundred times
        (pa.array(["a"]), {"use_dictionary": False}, 2**27),
        (pa.array(["a"]), {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}, 0),
    ],
    ids=["one long text", "lists of it", "no dictionary", "each the beginning of the last"],
)
def test_a_text_that_may_be_repeated_bounds_the_rows(texts, options, most):
    assert rows_of(written(pa.table({"a": texts}), **options)) == most


@pytest.mark.parametrize("head", [b"", b"\x15", b"\x15\x04\x16", b"\x15" + b"\xff" * 20])
def test_a_first_page_that_says_nothing_is_left_in_dictionaries(head):
    file = written(pa.table({"a": ["a"]}))
    metadata = pq.ParquetFile(file).metadata

    assert rows_to_decode(io.BytesIO(b"PAR1" + head), metadata) == 0


def test_rows_are_the_same_however_they_are_decoded(monkeypatch):
    table = pa.Table.from_pylist([*ROWS, {"id": None, "messages": None}])
    data = written(table, row_group_size=700).getvalue()

    def read() -> bytes:
        lines = ParquetLines(io.BytesIO(data), 2**62)
        return b"".join(iter(lambda: lines.read(2**20), b""))

    at_once = read()
    monkeypatch.setattr(parquet_dictionaries, "_DECODED_BYTES", 2**17)
    few = read()
    with patch.object(parquet_rows, "rows_to_decode", lambda *_: 0):
        in_dictionaries = read()

    assert at_once.count(b"\n") == len(ROWS) + 1
    assert (few == at_once, in_dictionaries == at_once) == (True, True)


def test_metadata_that_are_odd_do_not_end_the_process():
    """Arrow does so where a column's are asked for that its reader would refuse; this test would not come back."""
    rows = [{"id": n, "messages": [{"role": "user", "content": f"{n % 5} hi"}]} for n in range(50)]
    spoiled = bytearray(written(pa.Table.from_pylist(rows), row_group_size=17, compression="none").getvalue())
    spoiled[-1511] = 123  # how long a list is, in the sizes of a column
    lines = ParquetLines(io.BytesIO(bytes(spoiled)), 2**62)

    assert len(b"".join(iter(lambda: lines.read(2**20), b""))) < len(rows) * len(str(rows[0]))
    assert lines.broken.code == "broken-archive"
