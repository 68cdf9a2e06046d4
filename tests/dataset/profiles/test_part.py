"""A range of a file becomes rows that carry the file's line numbers and offsets."""

import io

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.duplicates import FINGERPRINT
from pipeline.dataset.profiles.part import FINGERPRINTS, profile_part
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.errors import LakeError
from pipeline.state.lake import SCHEMAS
from tests.engine_blocks import line_of

A = line_of("a", ("user", "two words"), ("bot", "é"))
B = line_of("b", ("assistant", ""))


def table(folder, name: str) -> list[dict]:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def test_rows_have_the_lines_and_offsets_of_the_file(tmp_path):
    profile_part(io.BytesIO(A + b"\n" + B), tmp_path, Rules().structure_only(), first_line=10, offset=1_000)

    conversations = table(tmp_path, "conversations")
    assert [{k: row[k] for k in list(row)[:6]} for row in conversations] == [
        {"row": 10, "line": 10, "byte_offset": 1_000, "conversation_id": "a", "turn_count": 2, "word_count": 3},
        {
            "row": 12,
            "line": 12,
            "byte_offset": 1_001 + len(A),
            "conversation_id": "b",
            "turn_count": 1,
            "word_count": 0,
        },
    ]
    assert [{k: row[k] for k in list(row)[:6]} for row in table(tmp_path, "turns")] == [
        {"row": 10, "line": 10, "turn_index": 0, "role": "user", "content": "two words", "word_count": 2},
        {"row": 10, "line": 10, "turn_index": 1, "role": "bot", "content": "é", "word_count": 1},
        {"row": 12, "line": 12, "turn_index": 0, "role": "assistant", "content": "", "word_count": 0},
    ]
    assert [(row["line"], row["byte_offset"], row["code"]) for row in table(tmp_path, "findings")] == [
        (10, 1_000, "unknown-role"),
        (10, 1_000, "no-assistant-turn"),
        (10, 1_000, "last-turn-not-assistant"),
        (11, 1_000 + len(A), "blank-line"),
        (12, 1_001 + len(A), "empty-content"),
        (12, 1_001 + len(A), "first-turn-not-user"),
        (12, 1_001 + len(A), "nothing-supervised"),
    ]


@pytest.mark.parametrize("data", [b"", b"{}\n", A, A + B.strip()])
def test_every_table_is_there_with_its_columns_whatever_was_read(tmp_path, data):
    profile_part(io.BytesIO(data), tmp_path, Rules())

    for name, schema in SCHEMAS.items():
        if (tmp_path / f"{name}.parquet").exists():
            assert pq.read_schema(tmp_path / f"{name}.parquet").equals(schema)
    assert {"conversations.parquet", "turns.parquet", "findings.parquet"} <= {p.name for p in tmp_path.iterdir()}


def test_a_fingerprint_is_left_for_every_conversation(tmp_path):
    profile_part(io.BytesIO(A + b"{}\n" + B), tmp_path, Rules())

    assert (tmp_path / FINGERPRINTS).stat().st_size == 2 * FINGERPRINT.itemsize


@pytest.mark.parametrize(
    ("data", "line", "offset"), [(A + B.strip(), 2, len(A)), (A + b"x" * 500, 2, len(A)), (b"\n\n ", 3, 2)]
)
def test_a_file_that_does_not_end_with_a_newline_is_told_at_its_last_line(tmp_path, data, line, offset):
    profile_part(io.BytesIO(data), tmp_path, Rules(Limits(max_line_bytes=300)).structure_only())

    unended = [row for row in table(tmp_path, "findings") if row["code"] == "no-final-newline"]
    assert [(row["line"], row["byte_offset"], row["path"]) for row in unended] == [(line, offset, "$")]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(LakeError, match="missing"):
        profile_part(io.BytesIO(A), tmp_path / "missing", Rules())
