"""The same words with other tools, or about another picture, are another row to all that compares rows."""

import io
import json

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from tests.dataset.mend.planting import mend_bytes

ASKED = "What will the weather be like in the town by the river on the first of May, and what do I wear?"
ANSWERS = ("It will be warm, with a little wind from the west; wear something light.", "I cannot tell you that.")


def with_tool(name: str | None, answer: int = 0) -> dict[str, object]:
    row: dict[str, object] = {
        "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERS[answer]}]
    }
    if name is not None:
        row["tools"] = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}]
    return row


def with_picture(name: str | None, answer: int = 0) -> dict[str, object]:
    parts: list[dict[str, object]] = [{"type": "text", "text": ASKED}]
    if name is not None:
        parts.append({"type": "image_url", "image_url": {"url": f"https://example.org/{name}.png"}})
    return {
        "messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": ANSWERS[answer]}],
    }


KINDS = pytest.mark.parametrize("make", [with_tool, with_picture], ids=["tools", "pictures"])


def profiled(folder, rows):
    """Rows by the codes of what compares them, and the clusters of the split."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    profile = profile_stream(io.BytesIO(data), folder, Rules())
    found = pq.read_table(profile.findings_path, columns=["code", "row"]).to_pylist()
    by_code = {
        code: [row["row"] for row in found if row["code"] == code]
        for code in ("duplicate-conversation", "near-duplicate-conversation", "conflicting-answers")
    }
    return by_code, profile.nearness.split.clusters.clusters.tolist()


@KINDS
def test_only_a_row_with_the_same_is_a_duplicate(tmp_path, make):
    """In words they are alike, so they stay on one side of the split, and are told as near-duplicates."""
    rows = [make("one"), make("other"), make(None), make("one"), make("other"), make(None)]

    by_code, clusters = profiled(tmp_path, rows)

    assert by_code == {
        "duplicate-conversation": [4, 5, 6],
        "near-duplicate-conversation": [2, 3],
        "conflicting-answers": [],
    }
    assert clusters == [1] * 6


@KINDS
def test_another_answer_conflicts_only_where_the_same_is_given(tmp_path, make):
    rows = [make("one"), make("other", 1), make(None, 1), make("one", 1)]

    by_code, _ = profiled(tmp_path, rows)

    assert by_code["conflicting-answers"] == [4]
    assert by_code["duplicate-conversation"] == []


@KINDS
def test_mending_puts_aside_only_what_is_given_the_same(make):
    rows = [make("one"), make("other"), make(None), make("one")]

    mended = mend_bytes("".join(json.dumps(row) + "\n" for row in rows).encode())

    assert [json.loads(line) for line in mended.out.splitlines()] == rows[:3]
    assert [row["row"] for row in mended.aside] == [4]
