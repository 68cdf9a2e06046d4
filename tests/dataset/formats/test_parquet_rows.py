"""A Parquet file is its rows, read a few at a time; one that is broken or grows too much says so."""

import datetime
import io
import math
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.dataset.formats import parquet_rows
from pipeline.dataset.formats.parquet_rows import ParquetLines
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.formats.test_containers import gz
from tests.properties.formats_rows import BY_KIND

RULES = Rules().structure_only()
CHAT = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


def parquet(rows: list[dict[str, object]]) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), made)
    return made.getvalue()


def report_of(data: bytes, folder) -> dict:
    return profile_stream(io.BytesIO(data), folder, RULES).as_dict("a.parquet")


@pytest.mark.parametrize("pack", [bytes, gz], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["openai", "sharegpt", "native", "dialogue"])
def test_its_rows_are_those_of_a_file_of_lines(name, pack, tmp_path):
    rows = [BY_KIND[name].make(Random(n), n) for n in range(20)]

    report = report_of(pack(parquet(rows)), tmp_path)

    assert (report["container"], report["format"], report["conversations"]) == ("parquet", name, 20)
    assert (report["status"], report["bytes"]) == ("ready", len(pack(parquet(rows))))


def test_what_json_does_not_have_is_null_or_text_and_no_fault(tmp_path):
    rows = [
        {"messages": CHAT, "score": math.nan, "at": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "raw": b"\xff"}
    ]

    assert report_of(parquet(rows), tmp_path)["status"] == "ready"


def test_a_fault_is_told_of_its_row(tmp_path):
    rows = [{"prompt": "a", "completion": "b"}, {"prompt": "a", "completion": None}, {"prompt": "c", "completion": "d"}]

    found = report_of(parquet(rows), tmp_path)["findings"]

    assert [(row["row"], row["code"]) for row in found if row["severity"] == "error"] == [(2, "missing-field")]


@pytest.mark.parametrize("left", [4, 50, -20])
def test_a_file_that_was_cut_off_says_so(left, tmp_path):
    report = report_of(parquet([{"messages": CHAT}])[:left], tmp_path)

    assert (report["status"], "broken-archive" in report["finding_counts"]) == ("error", True)


def test_one_that_grows_too_much_is_not_read_on(monkeypatch):
    monkeypatch.setattr(parquet_rows, "FREE_BYTES", 100)
    monkeypatch.setattr(parquet_rows, "MAX_EXPANSION", 1)
    lines = ParquetLines(io.BytesIO(parquet([{"text": "a" * 100}] * 2_000)), 2**62)

    text = lines.read(2**30)

    assert (len(text) < 200_000, lines.broken.code) == (True, "expands-too-much")
    limited = ParquetLines(io.BytesIO(parquet([{"text": "a"}])), 5)
    assert (limited.read(100), limited.broken.code) == (b"", "unpacked-too-large")
