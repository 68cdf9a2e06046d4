"""What a page says of a conversation: nothing of a text is lost where quotes are marked, and a list is its address."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.service.pages.conversation_page import conversation_page
from pipeline.service.pages.conversation_query import query_of, query_pairs
from pipeline.service.pages.made_names import TIERS
from pipeline.state.catalog.generation_records import MadeQuery
from pipeline.state.catalog.statuses import CONVERSATION_STATUSES, QUALITY_TIERS
from tests.how_many import examples
from tests.service.pages.attempt_cases import NOW
from tests.service.pages.made_cases import conversation, made_of, place

_TEXTS = st.text("ab ", max_size=12)
_SAID = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200).map(
    str.strip
).map(lambda text: text or None)


@given(st.lists(_TEXTS, min_size=1, max_size=4), st.lists(st.text("ab ", max_size=4), max_size=4))
def test_no_sign_of_a_turn_is_lost_or_doubled_where_quotes_are_marked(texts, quotes):
    """Each quote is marked once, where it stands first; its score leads there, or nowhere."""
    turns = [turn.model_copy(update={"content": text}) for turn, text in zip(conversation().turns, texts, strict=False)]
    evidence = {f"criterion {number}": quote for number, quote in enumerate(quotes)}
    judgement = conversation().judgement.model_copy(
        update={"evidence": evidence, "scores": dict.fromkeys(evidence, 3), "missing": {}}
    )

    page = conversation_page(
        conversation(turns=turns, judgement=judgement), made_of(), place(), NOW, is_own=True
    )  # fmt: skip

    assert ["".join(piece.text for piece in turn.pieces) for turn in page.turns] == texts[: len(turns)]
    marked = [piece for turn in page.turns for piece in turn.pieces if piece.quote]
    assert len({piece.quote for piece in marked}) == len(marked)
    assert {piece.text for piece in marked} <= set(quotes)
    assert {score.where for score in page.judged.scores} - {""} == {piece.quote for piece in marked}


@settings(max_examples=examples(50))
@given(
    st.builds(
        MadeQuery,
        batch_id=_SAID,
        persona=_SAID,
        arc=_SAID,
        topic=_SAID,
        tier=st.sampled_from([None, *TIERS]),
        quality_tier=st.sampled_from([None, *QUALITY_TIERS]),
        status=st.sampled_from([None, *CONVERSATION_STATUSES]),
        score_min=st.sampled_from([None, 1.0, 3.5, 5.0]),
        finding=_SAID,
        text=_SAID,
    )
)
def test_an_address_means_the_list_that_it_was_made_of(query):
    assert query_of(dict(query_pairs(query))) == query
