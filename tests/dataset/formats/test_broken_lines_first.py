"""Lines stay lines, whichever of them comes first: each that is broken is told, and none is lost in another."""

import json
import random

import pytest

from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile_rules import Rules

_ROWS = (
    {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]},
    [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}],
    {"a": [1, {"b": None}]},
    ["x", 1.5, True],
    [[[]]],
)
_BREAKAGES = (
    lambda text: text[:-1],
    lambda text: text[: len(text) // 2],
    lambda text: text[0],
    lambda text: text[1:],
    lambda text: text + text[-1],
    lambda text: text + "x",
    lambda text: text + text,
    lambda text: text + ",",
    lambda text: text[0] + "," + text[1:],
    lambda text: text[0] + ":" + text[1:],
    lambda text: text[:-1] + ",,",
    lambda text: text[:-1] + "," + text[-1],
    lambda text: text.replace('"', "'"),
    lambda text: text.replace(", ", " ", 1),
    lambda text: text.replace("1", "01").replace("null", "nul").replace("true", "True"),
)
_LONE = ("*", "nul", "+1", '"asd', "NaN", "{", "[", "]", "}", '["\\x"]', '["\\ud800\\u"]', "{'a': 1}", "{1: 1}", "[1]]")


def _is_broken(line):
    try:
        json.loads(line)
    except ValueError:
        return True
    return line == "NaN"


BROKEN = sorted({*_LONE, *filter(_is_broken, (each(json.dumps(row)) for row in _ROWS for each in _BREAKAGES))})


@pytest.mark.parametrize("first", BROKEN)
def test_every_broken_line_is_told_and_the_good_one_kept(first, tmp_path):
    others = [line for line in BROKEN if line != first]
    random.Random(first).shuffle(others)
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join([first, *others, json.dumps(_ROWS[0])]) + "\n")
    folder = tmp_path / "rows"
    folder.mkdir()

    profile = profile_path(path, folder, Rules(has_near_duplicates=False))

    counts = profile.statistics
    assert (profile.reading.container, counts.lines) == ("jsonl", len(BROKEN) + 1)
    assert (counts.rejected_lines, counts.conversations) == (len(BROKEN), 1)
