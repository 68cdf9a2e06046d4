import pytest

from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.rules.call_rules import CALL_ORDER_RULES, CALL_SHAPE_RULES
from tests.dataset.rich_rows import rich, said

ASKED, ANSWERED = said("user", "Cost?"), said("assistant", "4.50.")
FUNCTION = {"name": "price", "arguments": "{}"}
CALL = {"id": "abcdefgh1", "type": "function", "function": FUNCTION}
RESULT = said("tool", "4.50", tool_call_id="abcdefgh1")


def codes(*rows: dict[str, object], form: str = "openai") -> list[tuple[int, str, str]]:
    columns = rich(*rows, form=form)
    found = all_findings_of(warning_groups(frames_of(columns), CALL_SHAPE_RULES))
    return [(finding.row, finding.code, finding.path) for finding in found]


def used(call: dict[str, object] = CALL, result: dict[str, object] = RESULT, **fields: object) -> dict[str, object]:
    return {"messages": [ASKED, {"role": "assistant", "tool_calls": [call]}, result, ANSWERED], **fields}


def test_calls_as_openai_and_mistral_take_them_are_no_finding():
    assert codes(used(tools=[{"type": "function", "function": {"name": "price"}}])) == []


@pytest.mark.parametrize("own", ["call_1", "abcdefgh-", "abcdefgh10", 123456789])
def test_an_id_that_mistral_refuses_is_noted(own):
    result = said("tool", "4.50", tool_call_id=str(own))

    assert codes(used({**CALL, "id": own}, result)) == [(1, "tool-call-id-not-nine", "$.messages[1]")]


def test_a_call_without_id_is_told():
    assert codes(used({"type": "function", "function": FUNCTION})) == [(1, "tool-call-without-id", "$.messages[1]")]


def calling(*ids: str | None) -> dict[str, object]:
    own = [{} if each is None else {"id": each} for each in ids]
    return {"role": "assistant", "tool_calls": [{**CALL, "id": None, **each} for each in own]}


def answering(own: str) -> dict[str, object]:
    return {**RESULT, "tool_call_id": own}


ONE, TWO, THREE = "abcdefgh1", "abcdefgh2", "abcdefgh3"
UNKNOWN, TWICE, REPEATED = "tool-result-of-unknown-call", "tool-call-answered-twice", "tool-call-id-repeated"
UNANSWERED = "tool-call-without-result"


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([calling(ONE, TWO), answering(TWO), answering(ONE), ANSWERED], []),
        ([calling(ONE, TWO)], []),  # the last teaches calling
        ([calling(ONE), answering(TWO), ANSWERED], [(UNKNOWN, 2)]),
        ([calling(ONE, TWO), answering(ONE), answering(THREE), ANSWERED], [(UNKNOWN, 3)]),
        ([calling(ONE), answering(ONE), answering(ONE), ANSWERED], [(TWICE, 3)]),
        ([calling(ONE), answering(ONE), ASKED, calling(TWO), answering(ONE), ANSWERED], [(UNANSWERED, 4), (TWICE, 5)]),
        ([calling(ONE, TWO), answering(ONE), ANSWERED], [(UNANSWERED, 1)]),
        ([calling(ONE, TWO), answering(ONE), ASKED, ANSWERED], [(UNANSWERED, 1)]),
        ([calling(ONE, TWO), answering(ONE)], [(UNANSWERED, 1)]),
        ([calling(ONE), ASKED, ANSWERED], [(UNANSWERED, 1)]),
        ([calling(ONE, ONE), answering(ONE), answering(ONE), ANSWERED], [(REPEATED, 1)]),
        ([calling(ONE), answering(ONE), ANSWERED, ASKED, calling(ONE), answering(ONE), ANSWERED], [(REPEATED, 5)]),
        ([answering(ONE), ANSWERED, ASKED, calling(ONE), answering(ONE), ANSWERED], [("tool-result-without-call", 1)]),
        ([calling(None), answering(ONE), ANSWERED], [("tool-call-without-id", 1)]),
        ([calling(ONE), said("function", "4.50", tool_call_id=TWO), ANSWERED], []),
    ],
)
def test_results_and_calls_are_told_apart_by_their_ids(turns, expected):
    columns = rich({"messages": [ASKED, *turns]})
    found = all_findings_of(warning_groups(frames_of(columns), (*CALL_ORDER_RULES, *CALL_SHAPE_RULES)))

    places = [(each.code, int(each.path.split("[")[1].split("]")[0])) for each in found]
    assert [place for place in places if place[0] != "consecutive-tool-results"] == expected


def test_a_result_may_stand_in_each_alternative_of_a_preference():
    row = {
        "prompt": [ASKED, calling(ONE)],
        "chosen": [answering(ONE), ANSWERED],
        "rejected": [{**answering(TWO), "content": "5"}, ANSWERED],
    }

    assert codes(row, form="preference") == [(1, UNKNOWN, "$.rejected[0].content")]


def test_a_result_of_another_call_names_it():
    found = all_findings_of(warning_groups(frames_of(rich(used(result=answering("abcdefgh\n")))), CALL_SHAPE_RULES))

    assert found[0].fault == "expected the id of a tool call before it, found that of none ('abcdefgh�')"


def test_a_result_without_id_is_told():
    assert codes(used(result=said("tool", "4.50"))) == [(1, "tool-result-without-id", "$.messages[2]")]


def test_an_object_of_arguments_is_noted():
    call = {**CALL, "function": {"name": "price", "arguments": {"of": "tea"}}}

    assert codes(used(call)) == [(1, "arguments-object", "$.messages[1]")]


def test_a_result_in_parts_is_told():
    result = {**RESULT, "content": [{"type": "text", "text": "4.50"}]}

    assert codes(used(result=result)) == [(1, "tool-result-in-parts", "$.messages[2]")]


def test_a_tool_without_wrapper_is_told():
    assert codes(used(tools=[{"name": "price"}])) == [(1, "tool-without-wrapper", "$.tools")]


@pytest.mark.parametrize("after", [[], [said("function", "4.50", name="price"), ANSWERED]])
def test_openais_older_functions_need_no_ids(after):
    older = {"role": "assistant", "content": None, "function_call": FUNCTION}

    assert codes({"messages": [ASKED, older, *after], "functions": [{"name": "price"}]}) == []


def test_calls_that_are_texts_need_no_ids():
    turns = [
        {"from": "human", "value": "Cost?"},
        {"from": "function_call", "value": '{"name": "price", "arguments": {}}'},
        {"from": "observation", "value": "4.50"},
        {"from": "gpt", "value": "4.50."},
    ]

    assert codes({"conversations": turns}, form="sharegpt") == []


def test_a_neighbour_with_calls_changes_nothing():
    words = {"messages": [ASKED, said("assistant", "price()"), said("tool", "4.50"), ANSWERED]}

    assert codes(words) == codes(words, used())[:1] == []


def test_llama_factorys_tags_are_no_finding():
    turns = [{"from": "system", "value": "a"}, {"from": "human", "value": "b"}, {"from": "gpt", "value": "c"}]

    assert codes({"conversations": turns}, form="sharegpt") == []


@pytest.mark.parametrize("beside", [{}, {"name": "ann"}])
def test_other_tags_are_told_with_what_to_set(beside):
    """Whether a block is read at once or row by row."""
    turns = [{"from": "user", "value": "b", **beside}, {"from": "assistant", "value": "c"}]

    columns = rich({"conversations": turns}, form="sharegpt")
    (found,) = all_findings_of(warning_groups(frames_of(columns), CALL_SHAPE_RULES))

    assert found.fault == (
        "expected human, gpt, observation, function_call or system, "
        "found 'user' (set user_tag: user, assistant_tag: assistant) (also at $.conversations[1].from)"
    )


def test_roles_of_openai_are_no_tags():
    assert codes({"messages": [ASKED, ANSWERED]}) == []
