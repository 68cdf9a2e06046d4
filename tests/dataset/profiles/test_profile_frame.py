"""A frame of rows is profiled as an upload of them would be, and answers with frames."""

import io
import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.dataset import profile
from pipeline.dataset.formats import containers
from pipeline.dataset.profiles.frame_files import write_frame
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.errors import UsageError

ASKED = {"role": "user", "content": "Is the shop open on Sunday?"}
ANSWERED = {"role": "assistant", "content": "Yes, from ten to four, but not in August."}
ROWS = pl.DataFrame({"messages": [[ASKED, ANSWERED], [ASKED], [ASKED, ANSWERED, ANSWERED]]})


def test_findings_and_figures_come_out_as_frames():
    found = profile(ROWS, structure_only=True)

    listed = found.findings.select("row", "code", "path").sort("row", "code").collect()
    assert listed.rows() == [
        (2, "last-turn-not-assistant", "$.messages[0].role"),
        (2, "no-assistant-turn", "$.messages"),
        (3, "roles-not-alternating", "$.messages[2].role"),
    ]
    assert found.figures.select("format", "status", "conversations", "turns").row(0) == ("openai", "ready", 3, 6)
    assert found.finding_counts.select("code", "severity", "count", "share").rows() == [
        ("no-assistant-turn", "warning", 1, 1 / 3),
        ("roles-not-alternating", "warning", 1, 1 / 3),
        ("last-turn-not-assistant", "warning", 1, 1 / 3),
    ]
    assert found.conversations.select("row", "turn_count").collect().rows() == [(1, 2), (2, 1), (3, 3)]
    faulty = ROWS.with_row_index("row", offset=1).join(listed, on="row", how="semi")
    assert faulty["row"].to_list() == [2, 3]


def test_it_says_what_the_same_rows_say_as_an_upload(tmp_path):
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS.to_dicts())

    uploaded = profile_stream(io.BytesIO(lines), tmp_path, Rules()).as_dict("")

    found = profile(ROWS)
    assert {row["code"]: row["count"] for row in found.finding_counts.to_dicts()} == uploaded["finding_counts"]
    same = ["conversations", "turns", "words", "tokens", "exact_duplicate_conversations", "validation_conversations"]
    assert found.figures.select(same).to_dicts() == [{name: uploaded[name] for name in same}]
    turns = pl.read_parquet(tmp_path / "turns.parquet")
    assert_frame_equal(found.turns.collect(), turns)


def test_a_lazy_frame_and_columns_of_ones_own_are_read():
    rows = pl.LazyFrame({"request": ["How long?", "How hot?"], "reply": ["Three minutes, not four.", "Just below 80."]})

    found = profile(rows, mapping='{"prompt": "request", "answer": "reply"}')

    assert found.turns.select("role", "content").collect()["content"].to_list() == [
        "How long?",
        "Three minutes, not four.",
        "How hot?",
        "Just below 80.",
    ]


def test_rows_of_no_format_are_findings_not_errors():
    found = profile(pl.DataFrame({"price": [1, 2]}))

    assert found.figures.item(0, "status") == "error"
    assert found.conversations.collect().is_empty()
    assert found.findings.collect()["code"].to_list()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dataset_format": "opanai"}, "dataset_format: expected one of "),
        ({"dataset_format": "openai", "mapping": "auto"}, "mapping says how rows are read, and so does dataset_format"),
    ],
)
def test_what_cannot_be_meant_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        profile(ROWS, **given)


@pytest.mark.parametrize(
    "rows", [pl.DataFrame(), ROWS.head(0), ROWS.lazy().head(0)], ids=["no columns", "none", "lazy"]
)
def test_a_frame_without_rows_has_findings_and_no_turns(rows):
    found = profile(rows)

    assert found.figures.item(0, "status") == "error"
    assert found.turns.collect().columns == profile(ROWS).turns.collect().columns
    assert found.turns.collect().is_empty()
    assert found.figures.schema == profile(ROWS, structure_only=True).figures.schema == profile(ROWS).figures.schema
    assert pl.Null not in found.figures.dtypes


def test_a_finding_about_all_rows_has_no_row():
    """So that nothing is kept or left out by it."""
    good = [
        {"role": "user", "content": "How long do eggs boil?"},
        {"role": "assistant", "content": "About six minutes."},
    ]
    short = [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "ok"}]

    found = profile(pl.DataFrame({"messages": [good, short]})).findings.select("row", "code").collect()

    assert (None, "very-short-answers") in found.rows()
    assert 1 not in found["row"].to_list()


def test_what_is_no_frame_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(UsageError, match="frame: expected a DataFrame or a LazyFrame of Polars, found list"):
        profile([{"messages": []}])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            ROWS.lazy().select("text"),
            'a query that gives rows, found: unable to find column "text"; valid columns: ["messages"]; try it with '
            "collect()",
        ),
        (
            pl.scan_parquet("nowhere.parquet"),
            "a query that gives rows, found: No such file or directory (os error 2): nowhere.parquet; try it with "
            "collect()",
        ),
        (
            pl.scan_ndjson(b"{", schema={"messages": pl.String}),
            "a query that gives rows, found: error parsing line: Syntax at character 0 ('{'); try it with collect()",
        ),
        (
            ROWS.with_columns(pl.struct(id=pl.lit(1, pl.Int128)).alias("meta"), n=pl.lit(1, pl.UInt128)),
            "columns that Parquet can hold, found Int128 in meta, UInt128 in n; cast them, as to pl.String, or leave "
            "them out",
        ),
        (
            pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}),
            "columns that Parquet can hold, found Object in a; cast them, as to pl.String, or leave them out",
        ),
    ],
    ids=["no such column", "no such file", "found while it is read", "whole numbers of 128 bits", "objects"],
)
def test_rows_that_cannot_be_had_are_the_fault_of_the_frame(frame, message, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(UsageError) as raised:
        profile(frame)

    assert str(raised.value) == f"frame: expected {message}"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is asked of Linux")
def test_a_disk_that_is_full_is_no_fault_of_the_frame():
    with pytest.raises(OSError, match="No space left on device"):
        write_frame(ROWS.lazy(), Path("/dev/full"))


def test_rows_that_come_again_and_again_are_all_read(monkeypatch):
    """A file of them is small, and from another it would be taken for a bomb."""
    monkeypatch.setattr(containers, "FREE_BYTES", 100)
    monkeypatch.setattr(containers, "MAX_EXPANSION", 1)

    found = profile(pl.concat([ROWS.head(1)] * 3_000), structure_only=True)

    assert found.figures.select("status", "conversations", "exact_duplicate_conversations").row(0) == (
        "ready",
        3_000,
        2_999,
    )


def test_structs_without_fields_are_kept():
    """As the parameters of a tool that takes none."""
    tools = [{"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]
    rows = ROWS.head(1).with_columns(tools=pl.Series([tools]), empty=pl.Series([{}]), pair=pl.Series([[{}, None]]))

    found = profile(rows, structure_only=True)

    assert [json.loads(said) for said in found.conversations.collect()["tools"]] == [tools]
    assert found.figures.item(0, "status") == "ready"


def test_a_mapping_may_be_a_dict():
    rows = pl.DataFrame({"request": ["How long?"], "reply": ["Three minutes, not four."]})

    found = profile(rows, mapping={"prompt": "request", "answer": "reply"}, structure_only=True)

    assert found.figures.item(0, "conversations") == 1
    with pytest.raises(UsageError, match=r"^mapping: the mapping: expected either turns, or both prompt and answer"):
        profile(rows, mapping={"prompt": "request"})
    with pytest.raises(UsageError, match=r"^mapping: expected a text or a dict of texts, found: "):
        profile(rows, mapping={"prompt": pl.col("request")})
