"""Placeholders: those that are known are filled, and no brace is ever an error."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.generation.filling import KNOWN, OF_ARC, arc_values, filled, item_values, placeholders_in
from pipeline.generation.plan import make_plan
from pipeline.generation.wish import PlanWish
from tests.generation.small_scaffolds import scaffolds
from tests.how_many import examples

texts = st.lists(
    st.sampled_from(["{", "}", "{}", "{turns}", "{nothing}", "{0}", "{a.b}", "{a!r:>{W}}", "$x", "\n", "é"])
)


@settings(max_examples=examples(50))
@given(texts.map("".join))
def test_whatever_stands_in_braces_a_text_is_filled_without_an_error(text):
    assert filled(text, {"turns": "6"}) == text.replace("{turns}", "6")
    assert set(placeholders_in(text)) <= {"turns", "nothing"}


def test_what_stands_in_a_value_is_not_filled_again():
    assert filled("{opening} {turns}", {"opening": "{turns}", "turns": "6"}) == "{turns} 6"


def test_every_known_placeholder_has_a_value():
    given_ = scaffolds()
    item = make_plan(PlanWish(items=1), given_).items[0]

    values = item_values(item, given_)

    assert set(values) == KNOWN
    assert set(arc_values(given_.arcs[item.arc])) == OF_ARC
    assert {name for name, value in values.items() if not value} == {"persona_questions"}  # it has none


def test_the_question_of_the_topic_is_drawn_with_the_item():
    given_ = scaffolds()
    items = make_plan(PlanWish(items=40), given_).items

    assert {item_values(item, given_)["question"] for item in items} == {"Why?", "When?"}
