"""Few draws are paid for, and each has a chance that the last one had not."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.generation.draws import MOST_DRAWS, POLICIES, NextDraw, next_draw
from pipeline.generation.model import Failed

failures = st.lists(st.builds(Failed, st.sampled_from(sorted(POLICIES)), st.just("")), max_size=6)


@given(failures=failures, max_tokens=st.integers(1, 10_000), more=st.integers(0, 10_000))
def test_no_item_is_drawn_more_often_than_its_failures_allow(failures, max_tokens, more):
    draw = next_draw(failures, max_tokens, max_tokens + more)

    if draw:
        assert len(failures) < MOST_DRAWS
        assert all(
            sum(failed.kind == kind for failed in failures) <= policy.further_draws
            for kind, policy in POLICIES.items()
            if failures[-1].kind == kind
        )
        assert max_tokens <= draw.max_tokens <= max_tokens + more
        assert failures[-1].kind != "truncation" or draw.max_tokens > max_tokens


def test_what_was_cut_off_gets_more_room_as_long_as_there_is_some():
    cut = Failed("truncation", "")

    assert next_draw([cut], 1_000, 4_000) == NextDraw(1_500)
    assert next_draw([cut], 1_000, 1_200) == NextDraw(1_200)
    assert next_draw([cut], 1_000, 1_000) is None
    assert next_draw([cut, cut, cut], 1_000, 4_000) is None


def test_a_refusal_is_asked_once_more_and_an_unknown_answer_never():
    refusal = Failed("refusal", "")

    assert next_draw([refusal], 1_000, 1_000) == NextDraw(1_000)
    assert next_draw([refusal, refusal], 1_000, 1_000) is None
    assert next_draw([Failed("unknown", "")], 1_000, 1_000) is None
    assert next_draw([], 1_000, 1_000) is None
