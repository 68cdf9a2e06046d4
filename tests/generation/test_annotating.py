"""What is told of a turn is kept where it holds; what does not hold is None with a reason, and nothing is made up."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.generation.annotating import EXPECTED, FIELDS, Told, annotated, filled, told_of
from pipeline.generation.model import MadeTurn
from pipeline.generation.vocabulary import vocabulary_of
from tests.generation.made_samples import ARC

WORDS = vocabulary_of(ARC)
_words = st.sampled_from([None, "", "afraid", "AFRAID", "one small step", "One_Small-Step", "arriving", "nonsense"])
_numbers = st.sampled_from([None, -2.0, -1, -0.5, 0, 0.5, 1, 7])
told = st.builds(Told, _words, _words, _numbers, _numbers, _words, _words)
roles = st.sampled_from(sorted(EXPECTED))


@given(role=roles, told=told)
def test_each_value_is_what_was_told_or_none(role, told):
    turn = annotated(MadeTurn(role, "Hello."), told, WORDS)

    for name in FIELDS:
        value, said = getattr(turn, name), getattr(told, name)
        assert value is None or value == said or value in {"afraid", "one small step", "arriving"}
        assert value is not None or said in (None, "") or f"{name}: expected" in (turn.missing or "")
    lacking = [name for name in EXPECTED[role] if getattr(turn, name) is None]
    assert all(f"{name}: " in (turn.missing or "") for name in lacking)


@given(role=roles, told=told)
def test_what_holds_holds_again(role, told):
    turn = annotated(MadeTurn(role, "Hello."), told, WORDS)
    again = annotated(MadeTurn(role, "Hello."), told_of(turn), WORDS)

    assert [getattr(again, name) for name in FIELDS] == [getattr(turn, name) for name in FIELDS]


@given(role=roles, ours=told, theirs=told)
def test_what_one_left_out_is_filled_and_what_both_told_stays(role, ours, theirs):
    one, other = (annotated(MadeTurn(role, "Hello."), each, WORDS) for each in (ours, theirs))

    both = filled(one, other)

    for name in FIELDS:
        kept = getattr(one, name)
        assert getattr(both, name) == (getattr(other, name) if kept is None else kept)
    assert bool(both.missing) == any(getattr(both, name) is None for name in EXPECTED[role])
