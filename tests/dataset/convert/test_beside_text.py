"""What stands beside texts is carried by conversions and by the rows of jobs, or named as left out."""

import io
import json

import pytest

from pipeline.dataset.convert.converting import Converted, convert_stream
from pipeline.dataset.model.conversation import Limits

ASKED = {"role": "user", "content": "How hot?"}
THOUGHT = {"messages": [ASKED, {"role": "assistant", "content": "80.", "thinking": "Green tea."}]}
PICTURED = {
    "messages": [{**ASKED, "content": "<image>How hot?"}, {"role": "assistant", "content": "80."}],
    "image": "a",
}


def converted(row: dict[str, object], target: str) -> tuple[dict[str, object], Converted]:
    lines: list[bytes] = []
    done = convert_stream(io.BytesIO(json.dumps(row).encode() + b"\n"), lines.append, target, None, Limits())
    return json.loads(lines[0]), done


@pytest.mark.parametrize(("target", "listed"), [("openai", "messages"), ("native", "turns")])
def test_reasoning_is_carried_under_its_usual_name(target, listed):
    row, done = converted(THOUGHT, target)

    assert row[listed][1]["reasoning_content"] == "Green tea."  # type: ignore[index]
    assert done.is_whole


def test_sharegpt_has_no_place_for_reasoning():
    _, done = converted(THOUGHT, "sharegpt")

    assert done.losses.as_dict() == {"reasoning": {"conversations": 1, "first_lines": [1]}}
    assert not done.is_whole


@pytest.mark.parametrize("target", ["openai", "sharegpt", "native"])
def test_pictures_and_their_marks_are_named_as_left_out(target):
    _, done = converted(PICTURED, target)

    assert set(done.losses.counts) == {"media", "media-marks"}
    assert not done.is_whole
