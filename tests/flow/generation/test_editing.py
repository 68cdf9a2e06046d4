"""What a person makes of a conversation is another version: checked, screened, and no longer as it was judged."""

import msgspec
import pytest

from pipeline.errors import Conflicting, ConversationNotFound, UsageError
from pipeline.flow.generation.editing import Edit, edited
from pipeline.generation.model import MadeConversation, MadeTurn
from pipeline.state.catalog.generation_records import MadeQuery
from tests.made import ODD, copied
from tests.state.catalog.examples import LATER

TELLING = "I am to go from shame_to_self_respect, they say."
"""It has the key of a scaffold, which nobody says."""


@pytest.fixture
def made(tmp_path):
    return copied(tmp_path / "data")


@pytest.fixture
def catalog(made):
    with made.catalog() as opened:
        yield opened


@pytest.fixture
def edit(made, catalog):
    def run(number, change, version=1, user_id="ann", note=None):
        with made.making(catalog) as making:
            return edited(making, made.conversation(number), version, change, "ann", user_id, LATER, note)

    return run


def content(catalog, conversation_id):
    return msgspec.convert(catalog.newest_versions([conversation_id])[conversation_id].content, MadeConversation)


def said(conversation):
    return [MadeTurn(turn.role, turn.content) for turn in conversation.turns]


def test_a_turn_that_stays_keeps_what_is_known_of_it_and_one_that_changed_says_why_nothing_is(made, catalog, edit):
    before = content(catalog, made.conversation(1))
    turns = said(before)
    turns[1] = MadeTurn("assistant", "  The plain answer covers the rent after 3 days. ")

    found = edit(1, Edit(turns=[*turns[2:4], *turns[:2]]), note="the answer was vague")

    after = content(catalog, found.id)
    assert after.turns[:3] == (*before.turns[2:4], before.turns[0])
    changed = MadeTurn(
        "assistant", "The plain answer covers the rent after 3 days.", missing="a person changed this turn"
    )
    assert after.turns[3] == changed
    assert (after.title, after.system) == (before.title, before.system)
    assert (found.version, found.status, found.is_judgement_stale, found.turn_count) == (2, "needs_review", True, 4)
    [review] = catalog.reviews_of(found.id)
    assert (review.action, review.reviewer, review.note, review.version) == ("edit", "ann", "the answer was vague", 2)
    first, second = reversed(catalog.versions_of(found.id))
    assert ((first.source, first.raw is None), (second.source, second.raw)) == (("model", False), ("person", None))


def test_it_is_screened_anew(made, catalog, edit):
    turns = said(content(catalog, made.conversation(ODD)))
    mended = [MadeTurn(turn.role, turn.content.replace("This is a training conversation.", "")) for turn in turns]

    assert catalog.get_conversation(made.conversation(ODD)).finding_codes == ["scaffold-word"]
    assert edit(ODD, Edit(turns=mended)).finding_codes == []


def test_one_with_an_error_is_failed_is_not_approved_and_is_not_written_anew(made, catalog, edit):
    turns = said(content(catalog, made.conversation(1)))

    found = edit(1, Edit(turns=[MadeTurn("user", TELLING), *turns[1:]]))

    assert (found.status, found.finding_codes) == ("failed", ["scaffold-key"])
    with pytest.raises(Conflicting, match=rf"found 1 with some \({found.id}\): edit them"):
        catalog.review(found.id, 2, "approve", "ann", "ann", LATER)
    with pytest.raises(Conflicting, match="expected conversations without errors"):
        catalog.review_many(MadeQuery(status="failed"), 1, "approve", "ann", "ann", LATER)
    assert catalog.review(found.id, 2, "reject", "ann", "ann", LATER).status == "rejected"
    with pytest.raises(Conflicting, match="expected conversations without errors"):
        catalog.review(found.id, 2, "approve", "ann", "ann", LATER)
    edit(1, Edit(title="Another"), version=2)
    assert catalog.retry_items(made.batch_id, [1], "ann", LATER) == 0
    assert catalog.get_batch(made.batch_id).status == "completed"


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        (Edit(), "expected a change of title, system prompt or turns, found none"),
        (Edit(title=" "), "the edit leaves no conversation: expected a title, found none"),
        (Edit(system=""), "the edit leaves no conversation: expected a system prompt, found none"),
        (
            Edit(turns=[]),
            "the edit leaves no conversation: expected the assistant to have the last turn, found none of it",
        ),
        (
            Edit(turns=[MadeTurn("assistant", "Hello."), MadeTurn("user", " ")]),
            "the edit leaves no conversation: turn 1: expected the user, found the assistant; "
            "turn 2: expected words, found none",
        ),
    ],
)
def test_what_leaves_no_conversation_is_refused_with_every_fault(edit, change, said_of_it):
    with pytest.raises(UsageError) as refused:
        edit(1, change)

    assert str(refused.value) == said_of_it


def test_what_was_changed_meanwhile_or_is_anothers_is_not_edited(edit):
    edit(1, Edit(title="Once"))

    with pytest.raises(Conflicting, match=r"expected version 2 of .*, the newest, found 1: read it again"):
        edit(1, Edit(title="Twice"))
    with pytest.raises(ConversationNotFound):
        edit(1, Edit(title="Twice"), version=2, user_id="bob")
