"""Made conversations as the contract shows them."""

from collections.abc import Sequence

import msgspec

from pipeline.contract.conversation_values import (
    ConversationDetails,
    ConversationFinding,
    ConversationJudgement,
    ConversationQuery,
    ConversationReview,
    ConversationSummary,
    ConversationTurn,
    ConversationVersion,
    FileOfConversation,
)
from pipeline.generation.model import Judgement, MadeConversation, MadeTurn
from pipeline.service.record_fields import fields_of
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Made, MadeQuery, Version


def conversation_summary(made: Made) -> ConversationSummary:
    """A conversation as lists show it."""
    return ConversationSummary(**fields_of(ConversationSummary, made))


def conversation_details(
    readable: Catalog, made: Made, shown: Version, versions: Sequence[Version]
) -> ConversationDetails:
    """A conversation with all that is known of it. shown: one of its versions."""
    content = msgspec.convert(shown.content, MadeConversation)
    judged = dict(shown.judgement or {})
    again = judged.pop("again", None)
    return ConversationDetails(
        **fields_of(ConversationSummary, made),
        shown_version=shown.version,
        system=content.system,
        session_context=content.session_context,
        expected_outcome=content.expected_outcome,
        turns=[_turn(number, turn) for number, turn in enumerate(content.turns, start=1)],
        findings=[ConversationFinding(**each) for each in shown.findings],
        judgement=_judgement(judged),
        second_judgement=_judgement(again),
        versions=[ConversationVersion(**fields_of(ConversationVersion, each)) for each in versions],
        reviews=[ConversationReview(**fields_of(ConversationReview, each)) for each in readable.reviews_of(made.id)],
        files=[FileOfConversation(**fields_of(FileOfConversation, each)) for each in readable.files_with(made.id)],
    )


def made_query(query: ConversationQuery) -> MadeQuery:
    """The same as the catalog takes it."""
    return MadeQuery(**query.model_dump())


def _turn(number: int, turn: MadeTurn) -> ConversationTurn:
    return ConversationTurn(**fields_of(ConversationTurn, turn, {"turn_number": number}))


def _judgement(told: object) -> ConversationJudgement | None:
    if not told:
        return None
    judgement = msgspec.convert(told, Judgement)
    return ConversationJudgement(**fields_of(ConversationJudgement, judgement))
