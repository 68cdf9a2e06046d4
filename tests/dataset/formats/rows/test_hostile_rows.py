"""Rows of single formats that nobody means: each is read or refused, and none ends the reading or the conversion."""

import io
import json

import pytest

from pipeline.dataset.convert.converting import convert_stream
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

TEXT = {"text": "hi"}


def in_rows(row: object, depth: int) -> object:
    for number in range(depth):
        row = {"row_idx": number, "row": row}
    return row


ROWS = {
    "hub rows in each other": in_rows({"instruction": "a", "output": "b"}, 400),
    "half a character in glaive's tools": {
        "system": 'SYSTEM: x {"name": "f", "description": "\\ud800"}',
        "chat": "USER: hi\n\nASSISTANT: yo",
    },
    "a number that no double holds in glaive's tools": {
        "system": 'SYSTEM: x {"name": "f", "minimum": 1e999}',
        "chat": "USER: hi\n\nASSISTANT: yo",
    },
    "places of pairs that no number holds": {
        "training_pairs": [{"prompt": "Hi?", "target_response": "Ho."}],
        "pairs_without_target": [{"_place": {"index": 10**20}}, {"_place": {"index": True}}, 5],
    },
    "a rank of a reply that no double holds": {
        "message_tree_id": "t",
        "prompt": {
            "message_id": "a",
            "role": "prompter",
            "text": "Tea?",
            "replies": [
                {"message_id": "b", "role": "assistant", "text": "No.", "rank": 10**400},
                {"message_id": "c", "role": "assistant", "text": "Yes.", "rank": 0},
            ],
        },
    },
    "pairs without answers that are no list": {
        "training_pairs": [{"prompt": "Hi?", "target_response": "Ho."}],
        "pairs_without_target": {"a": None},
    },
    "a list for the type of bedrock's part": {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [TEXT, {"type": [1], "image": {"x": 1}}]},
            {"role": "assistant", "content": [TEXT]},
        ],
    },
    "an object for the type of gemini's part": {
        "contents": [
            {"role": "user", "parts": [TEXT, {"type": {}, "inlineData": {}}]},
            {"role": "model", "parts": [TEXT]},
        ]
    },
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("target", ["openai", "sharegpt", "native", "brightrun-v4"])
def test_a_row_that_nobody_means_ends_nothing(name, target, tmp_path):
    data = (json.dumps(ROWS[name]) + "\n").encode() * 2
    written: list[bytes] = []

    report = profile_stream(io.BytesIO(data), tmp_path, Rules().structure_only()).as_dict("a.jsonl")
    done = convert_stream(io.BytesIO(data), written.append, target, None, Limits())

    assert report["lines"] == 2
    assert done.written + done.rejected == 2
    assert b'"tools":null' not in b"".join(written)


def test_rows_of_the_viewer_stand_in_one_row_alone():
    inner = {"instruction": "a", "output": "b"}

    assert BY_NAME["hub-rows"].fits(in_rows(inner, 1))
    assert not BY_NAME["hub-rows"].fits(in_rows(inner, 2))
