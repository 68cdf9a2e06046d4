"""Conversations that were made: listed, read with what is known of them, reviewed and edited by a person."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from pipeline.contract.http_answers import Request, Value
from pipeline.state.catalog.statuses import (
    ConversationStatus,
    EnrichmentStatus,
    QualityTier,
    ReviewAction,
)

MAX_NOTE_CHARACTERS = 4_000
MAX_TITLE_CHARACTERS = 500
MAX_CONTENT_CHARACTERS = 50_000
MAX_TURNS = 200
MAX_REVIEWED = 10_000
_KEY_CHARACTERS = 200


class ConversationSummary(Value):
    """One conversation in a list."""

    id: str
    user_id: str
    batch_id: str
    title: str
    persona: str
    arc: str
    topic: str
    tier: str
    status: ConversationStatus
    status_reason: str | None
    enrichment_status: EnrichmentStatus
    version: int = Field(description="The newest.")
    score: float | None = Field(description="From 1 to 5; null where it was not judged.")
    quality_tier: QualityTier | None
    split: str | None
    turn_count: int
    finding_codes: list[str]
    is_judgement_stale: bool = Field(description="Whether it was changed after it was judged.")
    reviewed_by: str | None
    created_at: datetime
    updated_at: datetime


class ConversationList(Value):
    """One page of conversations, newest first; `total` counts those of all pages."""

    items: list[ConversationSummary]
    total: int
    page: int
    limit: int


class ConversationTurn(Value):
    """A turn with what is known of it."""

    turn_number: int = Field(description="From 1 on.")
    role: Literal["user", "assistant"]
    content: str
    emotion: str | None
    secondary_emotion: str | None
    intensity: float | None = Field(description="From 0 to 1.")
    valence: float | None = Field(description="From -1 to 1; null is not known.")
    strategy: str | None
    phase: str | None
    missing: str | None = Field(description="Why something is not known.")


class ConversationFinding(Value):
    """What is wrong with a version."""

    code: str
    severity: Literal["error", "warning", "note"]
    turn: int | None = Field(description="From 1; 0 of the system prompt, null of the whole.")
    sentence: str


class ConversationJudgement(Value):
    """What the judge said."""

    scores: dict[str, int | None] = Field(
        description="From 1 to 5 by criterion; null where it has none, and `missing` says why."
    )
    evidence: dict[str, str]
    reason: str
    is_arc_reached: bool | None
    model: str
    version: str
    missing: dict[str, str]


class ConversationVersion(Value):
    """Who made a version, and when."""

    version: int
    source: Literal["model", "person"]
    author: str
    created_at: datetime


class ConversationReview(Value):
    """What a person did with a conversation."""

    version: int
    reviewer: str
    action: ReviewAction
    note: str | None
    created_at: datetime


class FileOfConversation(Value):
    """A training file that a conversation went into."""

    id: str
    name: str
    version: int


class ConversationDetails(ConversationSummary):
    """Everything about a conversation, in one of its versions."""

    shown_version: int
    system: str = Field(description="The system prompt that it is trained with.")
    session_context: str
    expected_outcome: str
    turns: list[ConversationTurn]
    findings: list[ConversationFinding]
    judgement: ConversationJudgement | None
    second_judgement: ConversationJudgement | None = Field(description="Of one that was judged twice.")
    versions: list[ConversationVersion] = Field(description="Newest first, as reviews and files.")
    reviews: list[ConversationReview]
    files: list[FileOfConversation]


class ConversationQuery(Request):
    """Which conversations are meant; what is null asks for nothing."""

    batch_id: str | None = Field(None, max_length=_KEY_CHARACTERS)
    persona: str | None = Field(None, max_length=_KEY_CHARACTERS)
    arc: str | None = Field(None, max_length=_KEY_CHARACTERS)
    topic: str | None = Field(None, max_length=_KEY_CHARACTERS)
    tier: str | None = Field(None, max_length=_KEY_CHARACTERS)
    quality_tier: QualityTier | None = None
    status: ConversationStatus | None = None
    score_min: float | None = Field(None, ge=1, le=5, description="Those that were not judged do not fit.")
    finding: str | None = Field(None, max_length=_KEY_CHARACTERS, description="A code of docs/findings.md.")
    text: str | None = Field(None, max_length=_KEY_CHARACTERS, description="A piece of the title, in any case.")


class WantedReview(Request):
    """What is decided about a conversation, of the version that was read."""

    action: Literal["approve", "reject"]
    version: int = Field(ge=1, le=2**31 - 1)
    note: str | None = Field(None, min_length=1, max_length=MAX_NOTE_CHARACTERS)


class WantedReviews(Request):
    """What is decided about all that are meant."""

    action: Literal["approve", "reject"]
    query: ConversationQuery
    expected: int = Field(
        ge=0,
        le=MAX_REVIEWED,
        description="How many were shown that are not under way any more; where there are others now, nothing changes.",
    )
    note: str | None = Field(None, min_length=1, max_length=MAX_NOTE_CHARACTERS)


class ReviewedConversations(Value):
    """How many a decision changed; those that were so before do not count."""

    changed: int


class EditedTurn(Request):
    """What a person makes of a turn."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=MAX_CONTENT_CHARACTERS)


class ConversationEdit(Request):
    """What a person makes of the version that they read; null leaves as it is."""

    version: int = Field(ge=1, le=2**31 - 1)
    title: str | None = Field(None, max_length=MAX_TITLE_CHARACTERS)
    system: str | None = Field(None, max_length=MAX_CONTENT_CHARACTERS)
    turns: list[EditedTurn] | None = Field(None, max_length=MAX_TURNS, description="All of them, in order.")
    note: str | None = Field(None, min_length=1, max_length=MAX_NOTE_CHARACTERS)
