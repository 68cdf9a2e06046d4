"""A file of no format that we know is told what it seems to be."""

import json

import pytest

from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.lookalikes import malformed_as
from pipeline.dataset.formats.recognise import recognise
from tests.engine_blocks import line_of

CHAT = {"messages": [{"role": "user", "content": "How long?"}, {"role": "assistant", "content": "Three minutes."}]}
TEXT = json.dumps(CHAT)
JQ = "writes them one a line"


@pytest.mark.parametrize(
    ("text", "likeness"),
    [
        ("", ""),
        ("\n", ""),
        ("hello\n", ""),
        (f"{TEXT}\n", ""),
        ("<!DOCTYPE html>\n<html>", "a web page, perhaps an error page instead of the download"),
        ("question,answer\nHow?,So\n", "a table with commas (CSV); write an object a line"),
        ("a\tb\nc\td\n", "a table with tabs (CSV); write an object a line"),
        ("a\tb\0\nc\td\n", "bytes that are no text, as in an archive or a picture"),
        ("- role: user\n  content: hi\n", "YAML"),
        (f"{TEXT}\r{TEXT}\r", "rows that end with a carriage return alone; each must end with a line feed"),
        (TEXT * 2, "several objects on a line; each must have a line of its own"),
        (f"{CHAT}\n", "rows that are no JSON: Python's notation: JSON has double quotes, true, false and null"),
        (f"{TEXT},\n{TEXT},\n", "rows that are no JSON: a comma behind the row, as in an array"),
        (f"{json.dumps(CHAT, indent=1)}\n" * 2, f"objects over several lines; jq -c . in.json > out.jsonl {JQ}"),
        (
            json.dumps({"v": 1, "data": [CHAT] * 9}, indent=1),
            f"rows inside the field data of one object; jq -c .data[] in.json > out.jsonl {JQ}",
        ),
        (
            json.dumps({"train": [CHAT]}),
            f"rows inside the field train of one object; jq -c .train[] in.json > out.jsonl {JQ}",
        ),
        (json.dumps(TEXT), "JSON within a string: rows that were encoded twice"),
        ('"How long?"\n', ""),
        ("[1]\n[2]\n", ""),
        ("1\n2\n", ""),
        ("{}\n", ""),
        ('{"question": "a", "answer": "b"}\n', "rows with the fields question, answer"),
        ('{"messages": "[]"}\n', "messages as a string: the list was encoded twice"),
        (
            '{"custom_id": "a", "body": {}}\n',
            "OpenAI's batch requests; messages lie in body.messages",
        ),
        (
            '{"custom_id": "a", "response": {}}\n',
            "OpenAI's batch results, which hold the answers without their prompts; "
            "messages lie in response.body.choices[0].message",
        ),
    ],
)
def test_a_file_of_no_format_is_told_what_it_seems_to_be(text, likeness):
    assert recognise(text.encode(), Compression.NONE, None).unlike == likeness


def test_a_file_that_is_recognised_is_like_nothing_else():
    assert recognise(b"{}\n" + line_of("a", ("user", "hi")), Compression.NONE, None).unlike == ""


@pytest.mark.parametrize(
    ("line", "likeness"),
    [
        (b"// mine", "a comment, which JSON does not have"),
        (b"# mine", "a comment, which JSON does not have"),
        (b"{'a': None}", "Python's notation: JSON has double quotes, true, false and null"),
        (b'{"a": 1},\r', "a comma behind the row, as in an array"),
        (b'{"a": 1', ""),
    ],
)
def test_a_line_that_is_no_json_is_told_what_it_seems_to_be(line, likeness):
    assert malformed_as(line) == likeness
