"""A Parquet file is its rows, read a few at a time; one that is broken or grows too much says so."""

import datetime
import io
import math
import subprocess
import sys
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.dataset.formats import containers
from pipeline.dataset.formats.parquet_rows import ParquetLines
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.formats.test_containers import gz
from tests.installation import PROJECT_DIR
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
    monkeypatch.setattr(containers, "FREE_BYTES", 100)
    monkeypatch.setattr(containers, "MAX_EXPANSION", 1)
    lines = ParquetLines(io.BytesIO(parquet([{"text": "a" * 100}] * 2_000)), 2**62)

    text = lines.read(2**30)

    assert (len(text) < 200_000, lines.broken.code) == (True, "expands-too-much")
    limited = ParquetLines(io.BytesIO(parquet([{"text": "a"}])), 5)
    assert (limited.read(100), limited.broken.code) == (b"", "unpacked-too-large")


def test_a_text_that_stands_for_many_rows_takes_memory_once(tmp_path):
    """In a process of its own: the table takes what reading it must not."""
    table = pa.table({"prompt": ["q"] * 1_000, "completion": pa.array(["x" * 2**20]).take(pa.array([0] * 1_000))})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    reading = (
        "import resource, sys\n"
        "from pipeline.dataset.formats.parquet_rows import ParquetLines\n"
        "lines = ParquetLines(open(sys.argv[1], 'rb'), 2**62)\n"
        "while lines.read(2**20): pass\n"
        "print(lines.broken.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    measured = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {reading!r}, {str(path)!r}], check=True)"

    done = subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True, cwd=PROJECT_DIR)

    code, peak = done.stdout.split()
    assert (code, int(peak) * (1 if sys.platform == "darwin" else 1024) < 400 * 2**20) == ("expands-too-much", True)


@pytest.mark.parametrize(
    "moments",
    [
        pa.array([-800_000] * 2, pa.int32()).cast(pa.date32()),
        pa.array([10**18] * 2, pa.int64()).cast(pa.timestamp("us")),
        pa.array([1] * 2, pa.int64()).cast(pa.timestamp("ns")),
    ],
    ids=["date", "microseconds", "nanoseconds"],
)
def test_a_moment_that_python_has_not_is_a_text(moments, tmp_path):
    made = io.BytesIO()
    pq.write_table(pa.table({"prompt": ["a", "b"], "completion": ["c", "d"], "at": moments}), made)

    report = report_of(made.getvalue(), tmp_path)

    assert (report["status"], report["conversations"]) == ("ready", 2)
