"""The same words with other tools to choose from, or about another picture, are another conversation."""

import io
import json

import pytest

from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream

FORECAST, CLOCK = ({"type": "function", "function": {"name": name}} for name in ("forecast", "clock"))
CAT, DOG = ({"type": "image_url", "image_url": {"url": f"https://example.org/{name}.png"}} for name in ("cat", "dog"))


def row(answer, *parts, **beside):
    asked = [{"type": "text", "text": "What do you see out there today?"}, *parts]
    messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return {"messages": messages, **beside}


def codes(tmp_path, *rows):
    data = b"".join(json.dumps(each).encode() + b"\n" for each in rows)
    found = profile_stream(io.BytesIO(data), tmp_path, Rules()).finding_counts
    return {code for code in found if code in ("duplicate-conversation", "conflicting-answers")}


@pytest.mark.parametrize(
    ("first", "second"),
    [({"tools": [FORECAST]}, {"tools": [CLOCK]}), ({"tools": [FORECAST]}, {})],
    ids=["other tools", "tools and none"],
)
def test_other_tools_are_another_conversation_and_another_prompt(tmp_path, first, second):
    assert codes(tmp_path, row("It rains.", **first), row("It rains.", **second)) == set()
    assert codes(tmp_path, row("It rains.", **first), row("The sun is out.", **second)) == set()


def test_another_picture_is_another_conversation_and_another_prompt(tmp_path):
    assert codes(tmp_path, row("An animal.", CAT), row("An animal.", DOG)) == set()
    assert codes(tmp_path, row("A cat.", CAT), row("A dog.", DOG)) == set()


def test_the_same_tools_and_pictures_are_the_same(tmp_path):
    said = {"tools": [FORECAST]}

    assert codes(tmp_path, row("It rains.", CAT, **said), row("It rains.", CAT, **said)) == {"duplicate-conversation"}
    assert codes(tmp_path, row("It rains.", CAT, **said), row("It is dry.", CAT, **said)) == {"conflicting-answers"}
