"""Rows that do not stand on lines are mended onto lines: printed objects, rows in a field, pairs of conversations."""

import json

import pytest

from tests.dataset.mend.planting import mend_bytes

CHAT = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}
OTHER = {"messages": [{"role": "human", "content": "Hey"}, {"role": "assistant", "content": "Ho"}]}
MENDED = {"messages": [{"role": "user", "content": "Hey"}, {"role": "assistant", "content": "Ho"}]}
PAIRS = [
    {"conversation_id": name, "conversation_history": [], "current_user_input": f"Hi {name}", "target_response": "Ho"}
    for name in "abab"
]


@pytest.mark.parametrize(
    "data",
    [json.dumps(CHAT, indent=2) + "\n" + json.dumps(OTHER, indent=2), json.dumps({"data": [CHAT, OTHER]}, indent=1)],
    ids=["printed", "in a field"],
)
def test_each_row_is_a_line_and_is_mended(data):
    mended = mend_bytes(data.encode())

    assert list(map(json.loads, mended.out.splitlines())) == [CHAT, MENDED]
    assert (mended.mending.mended, mended.mending.is_ready) == ({"unknown-role": 1}, True)


def test_pairs_are_written_by_conversation_and_no_id_is_changed():
    mended = mend_bytes("".join(json.dumps(pair) + "\n" for pair in PAIRS).encode())

    rows = list(map(json.loads, mended.out.splitlines()))
    assert rows == [{"training_pairs": [PAIRS[0], PAIRS[2]]}, {"training_pairs": [PAIRS[1], PAIRS[3]]}]
    assert (mended.mending.lines_in, mended.mending.is_ready) == (2, True)
