"""A file of no format that we know is told what it seems to be."""

import json

import pytest

from pipeline.dataset.formats.containers import Compression
from pipeline.dataset.formats.lookalikes.file_likeness import PROSE, YAML
from pipeline.dataset.formats.lookalikes.line_causes import (
    COMMA_BEHIND,
    CURLY,
    MISSING_CLOSING,
    MISSING_OPENING,
    PYTHON,
    SCRIPT,
    SEVERAL,
)
from pipeline.dataset.formats.recognise import recognise
from tests.engine_blocks import line_of

CHAT = {"messages": [{"role": "user", "content": "How long?"}, {"role": "assistant", "content": "Three minutes."}]}
TEXT = json.dumps(CHAT)
JQ = "writes them one a line"
CSV, NO_FORMAT = "a table with {} (CSV) of the columns", "which are the fields of no format"
GUESS = """--mapping '{"prompt": "riddle", "answer": "reveal"}' reads it"""


@pytest.mark.parametrize(
    ("text", "likeness"),
    [
        ("", ""),
        ("\n", ""),
        ("hello\n", ""),
        (f"{TEXT}\n", ""),
        ("<!DOCTYPE html>\n<html>", "a web page, perhaps an error page instead of the download"),
        (
            "riddle,reveal\nHow?,So\n",
            f"{CSV.format('commas')} riddle, reveal, {NO_FORMAT}: {GUESS}, if riddle is asked and reveal answers",
        ),
        (
            "a\tb\tc\nc\td\te\n",
            f"{CSV.format('tabs')} a, b, c, {NO_FORMAT}: --mapping says which of them is asked and which answers",
        ),
        (
            "How are you?,Well.\nWho?,I.\n",
            "a table with commas (CSV) without a header: write one in front, such as prompt,completion",
        ),
        ('<?xml version="1.0"?>\n<rows/>', "XML; write an object a line"),
        ("<rows><row>", "XML; write an object a line"),
        ("[[rows]]\nq = 'a'\n", "TOML; write an object a line"),
        (
            "<|im_start|>user\nHi<|im_end|>\n",
            "a chat as one text with the marks of a template (<|im_start|>): "
            "write each conversation as a row of messages, without the marks",
        ),
        (
            "User: Hi\nAssistant: Ho\n",
            "a chat as plain text, a speaker a line: write each conversation as a row of messages",
        ),
        ("It is late.\nGo home.\nSleep.\n", PROSE),
        (
            f"```json\n{json.dumps([CHAT], indent=1)}\n```\n",
            "one array or object within a Markdown code fence: remove it; lora-pipeline mend does, "
            "or sed '/^```/d' in.json > out.json",
        ),
        (f"{TEXT[:-1]}\n" * 2, f"rows that are no JSON: {MISSING_CLOSING}"),
        (f"{TEXT[1:]}\n" * 2, f"rows that are no JSON: {MISSING_OPENING}"),
        ('{"error": {"code": 404}}\n', "an error message of a service instead of rows: ask for the file again"),
        (
            json.dumps({"c0": CHAT, "c1": CHAT}),
            f"one object that holds the rows under their numbers or ids; jq -c '.[]' in.json > out.jsonl {JQ}",
        ),
        ("a\tb\0\nc\td\n", "bytes that are no text, as in an archive or a picture"),
        ("- role: user\n  content: hi\n", YAML),
        (f"{TEXT}\r{TEXT}\r", "rows that end with a carriage return alone; each must end with a line feed"),
        (TEXT * 2, f"rows that are no JSON: {SEVERAL}"),
        (f"{CHAT}\n", f"rows that are no JSON: {PYTHON}"),
        (TEXT.replace('"', "”") + "\n", f"rows that are no JSON: {CURLY}"),
        ("{a: 1}\n" * 3, f"rows that are no JSON: {SCRIPT}"),
        (f"{TEXT},\n{TEXT},\n", f"rows that are no JSON: {COMMA_BEHIND}"),
        (f"{json.dumps(CHAT, indent=1)},\n" * 2, f"objects over several lines; jq -c . in.json > out.jsonl {JQ}"),
        (
            f"{json.dumps({'train': [CHAT]})}\n" * 2,
            f"rows inside the field train of one object; jq -c .train[] in.json > out.jsonl {JQ}",
        ),
        (
            json.dumps(TEXT),
            "JSON within a string: rows that were encoded twice; jq -c fromjson in.jsonl > out.jsonl decodes them once",
        ),
        ('"How long?"\n', ""),
        ("[1]\n[2]\n", ""),
        ("1\n2\n", ""),
        ("{}\n", ""),
        (
            '{\n"shards": ["a.shards/*.jsonl", "b", "c"]\n}\n',
            "a manifest of shards: its name must end in .shards.json, and it is followed in the store alone; "
            "lora-pipeline check --as-one reads files that are here as one dataset",
        ),
        ('{"riddle": "a", "reveal": "b"}\n', "rows with the fields riddle, reveal"),
        (
            '{"messages": "[]"}\n',
            "messages as a string: the list was encoded twice; "
            "jq -c '.messages |= fromjson' in.jsonl > out.jsonl decodes it",
        ),
        (
            '{"custom_id": "a", "body": {}}\n',
            "OpenAI's batch requests, which hold questions without their answers; messages lie in body.messages: "
            "put them together with the results by custom_id",
        ),
        (
            '{"custom_id": "a", "response": {}}\n',
            "OpenAI's batch results, which hold the answers without their prompts; "
            "messages lie in response.body.choices[0].message: put them together with the requests by custom_id",
        ),
    ],
)
def test_a_file_of_no_format_is_told_what_it_seems_to_be(text, likeness):
    assert recognise(text.encode(), Compression.NONE, None).unlike == likeness


@pytest.mark.parametrize(
    "data",
    [
        f"{TEXT}}}\n" * 2,
        f"data: {TEXT}\n\n" * 2,
        f"\u00a0{TEXT}\n" * 2,
        f"2024-05-01 INFO {TEXT}\n" * 2,
        '"' + TEXT.replace('"', '""') + '"\n',
        json.dumps(CHAT, indent=2) + ",",
        f"[{TEXT}]\n[{TEXT}]\n",
        TEXT.replace('"', "”") + "\n",
    ],
)
def test_rows_that_can_be_guessed_give_the_file_its_format(data):
    reading = recognise(data.encode(), Compression.NONE, None)

    assert (reading.form.name, reading.is_certain) == ("openai", False)
    assert reading.unlike


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"role": "Ann", "content": "hi", "thread_id": 1}', "with thread_id; role must say user, assistant"),
        ('{"sender": "ann", "message": "hi"}', "add the key of its conversation to each row, as conversation_id"),
        (
            '{"Prompt": "a", "PROMPT": "c", " completion": "b"}',
            "at their edges: prompt is written 'Prompt', prompt",
        ),
        ('{"Instruction": "a", "INSTRUCTION": "c", "output": "b"}', "field instruction is written 'Instruction'"),
        ('{"\\ufefftext": "a", "Text": "b"}', "the field text begins with a byte order mark"),
        ('{"prompt": {"0": "a", "1": "b"}, "completion": {"0": "c", "1": "d"}}', "a table by columns, as pandas"),
        ('{"prompt": ["a", "b", "c"], "completion": ["d", "e", "f"]}', "a table by columns, a list for each field"),
        ('{"7": {"text": "a"}, "8": {"text": "b"}}', "holds the rows under their numbers or ids"),
        ('{"question": "a", "answer": "b", "context": "c"}', "jq -c '{instruction: .question, input: .context, output"),
        ('{"question": "a", "choices": ["b", "c"], "answer": "b"}', "the choices are a part of what is asked"),
        ('{"question": "a", "answer": 4}', "question and answer, but answer is a number; write a text"),
        (
            '{"id": "1", "question": "a", "answer": "b", "response": "c"}',
            """and which answers; --mapping '{"prompt": "question", "answer": "answer", "id": "id"}' reads them""",
        ),
        (
            '{"request": "a", "reply": "b", "x": 1}',
            """the fields request, reply, x; --mapping '{"prompt": "request", "answer": "reply"}' reads them""",
        ),
        ('{"prompt": [], "reward_model": {"ground_truth": "4"}}', "prompts for reinforcement learning"),
    ],
)
def test_rows_of_no_format_are_told_what_they_seem_to_be(row, said):
    assert said in recognise(f"{row}\n".encode(), Compression.NONE, None).unlike


def test_one_object_of_a_broken_line_does_not_make_a_file_of_lines_an_array():
    lines = ["[1,", '["a"]', "{}", "nul", '{"a": 1}', "[1, 2", '["b", 2]', '"x"']

    assert recognise("\n".join(lines).encode(), Compression.NONE, None).container == "jsonl"


@pytest.mark.parametrize(
    "row",
    [
        b'{"n": 1e999, "m": "\xff"}',
        b'{"n": ' + b"1" * 5_000 + b', "m": 1.2.3e400}',
        b'{"n": ' + b"1" * 200_000 + b', "m": 1}',  # hours, if each digit were a beginning
        b'{"n": 1e999, "m": "' + rb"\"" * 200_000,  # as long, if each quote were one
    ],
    ids=["no UTF-8 behind it", "no number behind it", "many digits", "a text without an end"],
)
def test_a_number_that_no_double_holds_stops_nothing(row):
    assert recognise(row + b"\n", Compression.NONE, None).form.name == "native"


def test_a_file_that_is_recognised_is_like_nothing_else():
    assert recognise(b"{}\n" + line_of("a", ("user", "hi")), Compression.NONE, None).unlike == ""
