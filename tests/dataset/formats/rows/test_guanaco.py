"""A text of ### Human and ### Assistant becomes the turns that it names, or stays the text that it is."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.findings.faults import Faults
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.rows.guanaco import GUANACO
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

# What a content ends with and what stands between turns cannot be told apart, a carriage return of a line end included.
contents = st.text(st.characters(codec="utf-8", exclude_characters="#\0")).filter(
    lambda text: text == text.strip(" \r\n")
)


def turns(text: str) -> list[tuple[str, str]]:
    read = GUANACO.read({"text": text}, Faults(1, 0))
    assert read is not None
    return [(turn.role, turn.content) for turn in read.turns]


@given(
    said=st.lists(contents, min_size=2, max_size=6),
    between=st.sampled_from(["", " ", "\n", "\n\n", "\r\n", "\r\n\r\n"]),
)
def test_each_turn_has_its_words_and_no_others(said, between):
    names = ("Human", "Assistant")
    text = between.join(f"### {names[index % 2]}: {each}" for index, each in enumerate(said))

    assert turns(text) == [(("user", "assistant")[index % 2], each) for index, each in enumerate(said)]


@pytest.mark.parametrize("between", ["", " ", "\n", "\n\n", "\r\n", "\r\n\r\n"])
def test_what_stands_between_turns_belongs_to_none(between):
    text = between.join(["### Human: a", "### Assistant: b", "### Human: c", "### Assistant: d"])

    assert [content for _, content in turns(text)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "text",
    [
        "Once upon a time",
        "### Human: Hello",
        "Hello### Human: a### Assistant: b",
        "### Assistant: a### Human: b",
        "### Human: a### Human: b### Assistant: c",
        "#### Human: a#### Assistant: b",
        "### Instruction: a### Response: b",
        "### Human: How?### Assistant: So:\n\n```\n### Human: yours\n### Assistant: mine\n```\n\nThat is all.",
    ],
)
def test_all_else_is_plain_text(text):
    assert turns(text) == [("text", text)]
    assert recognise_row({"text": text}).name == "plain-text"  # type: ignore[union-attr]


def test_a_text_among_chats_is_kept_and_its_marks_are_told(tmp_path):
    texts = [*(f"### Human: {n}?### Assistant: {n}." for n in range(3)), "### Human: a"]
    data = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)

    report = profile_stream(io.BytesIO(data), tmp_path, Rules()).as_dict("a.jsonl")

    assert (report["format"], report["status"], report["turns"]) == ("guanaco", "ready", 7)
    assert [row["line"] for row in report["findings"] if row["code"] == "template-marker"] == [4]
