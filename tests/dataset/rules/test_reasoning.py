from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.model.frame_columns import TurnColumns
from pipeline.dataset.profiles.mixed_reasoning import mixed_reasoning
from pipeline.dataset.rules.beside_rules import BESIDE_RULES
from tests.dataset.rich_rows import rich, said

ASKED = said("user", "How hot?")


def codes(*rows: dict[str, object]) -> list[tuple[int, str, str]]:
    columns = rich(*rows)
    found = all_findings_of(warning_groups(frames_of(columns), BESIDE_RULES[2:]))
    return [(finding.row, finding.code, finding.path) for finding in found]


def chat(*messages: dict[str, object]) -> dict[str, object]:
    return {"messages": list(messages)}


def test_reasoning_in_a_field_is_read_whatever_the_field_is_called():
    columns = rich(
        chat(ASKED, said("assistant", "80.", reasoning_content="a")),
        chat(ASKED, said("assistant", "80.", reasoning="b", thinking=None)),
        chat(ASKED, said("assistant", "80.", thinking=[{"type": "text", "text": "c"}])),
        chat(ASKED, said("assistant", [{"type": "thinking", "thinking": "d"}, {"type": "text", "text": "80."}])),
        chat(ASKED, said("assistant", "80.", reasoning_content="")),
    )

    assert columns.extras.reasoning == [None, "a", None, "b", None, "c", None, "d", None, None]
    assert columns.contents.to_pylist()[7] == "80."


def test_reasoning_in_a_field_is_noted():
    row = chat(ASKED, said("assistant", "80.", reasoning_content="Green tea."))

    assert codes(row) == [(1, "reasoning-apart", "$.messages[1]")]


def test_a_pair_of_marks_is_no_finding():
    assert codes(chat(ASKED, said("assistant", "<think>Green tea.</think>80."))) == []


def test_marks_that_are_no_pair_are_told_apart():
    open_end = chat(ASKED, said("assistant", "<think>Green tea. 80."))
    no_begin = chat(ASKED, said("assistant", "Green tea.</think>80."))

    assert codes(open_end, no_begin) == [
        (1, "reasoning-not-closed", "$.messages[1].content"),
        (2, "reasoning-not-opened", "$.messages[1].content"),
    ]


def test_marks_in_a_question_are_words():
    assert codes(chat(said("user", "What is </think>?"), said("assistant", "A mark."))) == []


def test_a_mark_over_the_border_of_two_turns_is_none():
    assert codes(chat(said("user", "What is <thi"), said("assistant", "nk>?"))) == []


def test_only_reasoning_before_a_later_question_is_dropped():
    asked_again = [said("assistant", "80.", reasoning="Green tea."), said("user", "Sure?"), said("assistant", "Yes.")]
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    tool = [said("assistant", "", reasoning="I ask.", tool_calls=[call]), said("tool", "80", tool_call_id="c")]

    found = codes(chat(ASKED, *asked_again), chat(ASKED, *tool, said("assistant", "80.")))

    assert [each for each in found if each[1] != "reasoning-apart"] == [
        (1, "reasoning-in-earlier-answers", "$.messages[1]")
    ]


def test_conversations_with_reasoning_are_counted_once_each():
    thinking = chat(ASKED, said("assistant", "<think>a</think>80."), ASKED, said("assistant", "80.", reasoning="b"))

    turns = frames_of(rich(thinking, chat(ASKED, said("assistant", "80.")))).turns
    assert turns.filter(TurnColumns().is_thinking)["row"].n_unique() == 1


def test_a_file_where_all_or_none_reason_is_not_mixed():
    assert mixed_reasoning(0, 3) == mixed_reasoning(3, 3) == []


def test_a_mixed_file_is_told_with_the_share():
    (found,) = mixed_reasoning(1, 3)

    assert found.fault == (
        "expected reasoning in all conversations, or in none, found it in 33.3% of the conversations (1 of 3)"
    )
