"""How two datasets differ."""

import json

from pipeline.contract.mend_values import ChangedRow, ComparedFigure, ComparedFindings
from pipeline.flow.dataset_comparison import compare_datasets
from pipeline.state.lake import make_lake
from tests.browsed import browsed, chat

SAME = [chat(("user", f"Question {n}?"), ("assistant", f"Answer {n}.")) for n in range(60)]
HUMAN = chat(("human", "Hello"), ("assistant", "Hi there."))


def compared(tmp_path, before: list[bytes], after: list[bytes]):
    old, new = (browsed(tmp_path, b"".join(rows), name) for rows, name in ((before, "old"), (after, "new")))
    return compare_datasets(make_lake(old.settings), old.dataset.id, new.dataset.id)


def test_rows_are_the_same_wherever_they_stand_and_one_at_the_same_place_was_changed(tmp_path):
    """One row is put in front, one is taken out, one says it twice, one is written anew at the end."""
    before = [*SAME, HUMAN]
    after = [chat(("user", "New?"), ("assistant", "Yes.")), *SAME[:30], *SAME[31:], SAME[0]]
    found = compared(tmp_path, before, after)

    assert (found.unchanged, found.added, found.removed, found.changed) == (59, 1, 1, 1)
    assert (found.rows_added, found.rows_removed) == ([1], [31])
    assert found.rows_changed == [
        ChangedRow(
            before_row=61, after_row=61, conversation_id="row-61", before="human: Hello", after="user: Question 0?"
        )
    ]
    assert found.findings[0] == ComparedFindings(code="unknown-role", severity="warning", before=1, after=0)
    assert ComparedFigure(name="conversations", before=61, after=61) in found.figures


def test_the_same_rows_differ_in_nothing(tmp_path):
    found = compared(tmp_path, SAME, SAME[::-1])

    assert (found.unchanged, found.added, found.removed, found.changed, found.findings) == (60, 0, 0, 0, [])


def test_rows_of_the_same_id_are_compared_and_the_first_turn_that_differs_is_shown(tmp_path):
    turns = b'[{"role": "user", "content": "A?"}, {"role": "assistant", "content": "%s"}]'
    row = b'{"conversation_id": "%d", "turns": ' + turns + b"}\n"
    before = [row % (number, b"old %d" % number) for number in range(3)]
    after = [row % (number, b"new %d" % number) for number in (2, 7)]
    found = compared(tmp_path, before, after)

    assert (found.unchanged, found.added, found.removed, found.changed) == (0, 1, 2, 1)
    assert found.rows_changed == [
        ChangedRow(before_row=3, after_row=1, conversation_id="2", before="assistant: old 2", after="assistant: new 2")
    ]


def test_of_rows_with_the_same_texts_what_is_beside_them_is_shown(tmp_path):
    """What is thought, what is called, what may be called, and how an answer is judged: one row each."""

    def rows(word: str) -> list[bytes]:
        tool = {"type": "function", "function": {"name": word, "parameters": {}}}
        call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"x": word})}}
        asked = {"role": "user", "content": "Hm?"}
        called = {"role": "assistant", "content": "", "tool_calls": [call]}
        turns = [
            [asked, {"role": "assistant", "content": "So.", "reasoning_content": f"It is {word}."}],
            [
                asked,
                called,
                {"role": "tool", "tool_call_id": "c1", "content": "ok"},
                {"role": "assistant", "content": "Yes."},
            ],
        ]
        listed = [{"messages": each} for each in turns] + [{"messages": [asked, turns[1][3]], "tools": [tool]}]
        return [json.dumps(each).encode() + b"\n" for each in listed]

    def judged(label: bool) -> bytes:
        return json.dumps({"prompt": "Hm?", "completion": "Yes.", "label": label}).encode() + b"\n"

    found = compared(tmp_path / "chats", rows("one"), rows("two")).rows_changed
    labels = compared(tmp_path / "judged", [judged(True)], [judged(False)]).rows_changed

    shown = [(each.what, each.before, each.after) for each in (*found, *labels)]
    assert (shown[0], shown[3]) == (("reasoning", "It is one.", "It is two."), ("label", "yes", "no"))
    assert [(what, "one" in was, "two" in now) for what, was, now in shown[1:3]] == [
        ("tool calls", True, True),
        ("tools", True, True),
    ]
