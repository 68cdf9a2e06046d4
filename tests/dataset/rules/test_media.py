import json

import pytest

from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.rules.beside_rules import BESIDE_RULES
from tests.dataset.rich_rows import rich, said


def codes(*rows: dict[str, object], form: str = "openai") -> list[tuple[int, str, str]]:
    columns = rich(*rows, form=form)
    found = all_findings_of(warning_groups(frames_of(columns), BESIDE_RULES[:2]))
    return [(finding.row, finding.code, finding.path) for finding in found]


def chat(asked: str, **fields: object) -> dict[str, object]:
    return {"messages": [said("user", asked), said("assistant", "A cup.")], **fields}


def test_fields_that_hold_nothing_are_no_media():
    assert codes(chat("What is it?", image="", images=[], videos=None)) == []


@pytest.mark.parametrize("name", ["image", "images", "video", "videos", "audio", "audios"])
def test_fields_of_media_are_told(name):
    assert codes(chat("What is it?", **{name: ["a"]})) == [(1, "media-beside-text", f"$.{name}")]


def test_media_beside_fields_of_texts_are_told():
    row = {"instruction": "What is it?", "output": "A cup.", "image": "a.jpg"}

    assert codes(row, form="alpaca") == [(1, "media-beside-text", "$.image")]


def test_media_in_a_message_are_parts_of_its_content():
    columns = rich({"messages": [said("user", "What is it?", images=["a"]), said("assistant", "A cup.")]})

    assert columns.extras.parts == [
        '[{"type":"text","text":"What is it?"},{"type":"images","images":["a"]}]',
        None,
    ]


@pytest.mark.parametrize("asked", ["<image>What is it?", "What is it?\n<image>", "Look:\n <audio>\nWhat is it?"])
def test_marks_at_an_edge_of_a_line_are_told(asked):
    assert codes(chat(asked)) == [(1, "media-mark", "$.messages[0].content")]


@pytest.mark.parametrize("asked", ["What does <image> mean?", "Is 1 > 0?", 'Explain <img src="a"> to me'])
def test_whoever_speaks_of_html_is_not_told(asked):
    assert codes(chat(asked)) == []


@pytest.mark.parametrize("name", BY_NAME)
def test_no_format_loses_media_in_silence(name):
    """Each one's own example, with a picture beside it."""
    row = json.loads(BY_NAME[name].example) | {"images": ["a.jpg"]}

    assert (1, "media-beside-text", "$.images") in codes(row, form=name)
