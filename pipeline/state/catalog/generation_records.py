"""What goes into the catalog about conversations that are made, and what comes out: plain values, no database in them.

`Batch`, `Item`, `Submission`, `Made`, `Version` and `TrainingFile` have the fields of their tables in the tables'
order; a test keeps it so. Money is in billionths of a US dollar.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.state.catalog.statuses import (
    BatchStatus,
    ConversationStatus,
    EnrichmentStatus,
    FailureType,
    ItemState,
    Outcome,
    Purpose,
    QualityTier,
    ReviewAction,
    ScaffoldKind,
    SubmissionState,
)


@dataclass(frozen=True, slots=True)
class ScaffoldRow:
    """One version of a scaffold."""

    user_id: str
    """Empty for one of the installation."""
    kind: ScaffoldKind
    key: str
    version: int
    name: str
    tier: str | None
    content: dict[str, Any]
    """All its fields."""
    is_active: bool
    origin: str
    """Packaged, file, or who wrote it."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewItem:
    """A conversation that is to be made: what of its plan a row holds."""

    number: int
    persona: str
    arc: str
    topic: str
    template: str
    tier: str
    seed: int
    turns: int
    opening: str
    situation: str
    refill_of: int | None = None
    """Number of the item it makes good."""
    avoided_openings: Sequence[str] | None = None
    draw: int = 0


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that somebody plans."""

    batch_id: str
    user_id: str
    name: str
    plan: Mapping[str, Any]
    """All that its items follow from."""
    scaffold_versions: Mapping[str, int]
    provider: str
    model: str
    annotating_model: str | None
    """None for none."""
    judging_model: str | None
    """None for none."""
    is_batched: bool
    """By the provider's batches rather than call by call."""
    budget_nano_usd: int
    items: Sequence[NewItem]


@dataclass(frozen=True, slots=True)
class Batch:
    """One row of `batch_jobs`."""

    id: str
    user_id: str
    name: str
    status: BatchStatus
    status_reason: str | None
    plan: dict[str, Any]
    scaffold_versions: dict[str, int]
    provider: str
    model: str
    annotating_model: str | None
    judging_model: str | None
    is_batched: bool
    items: int
    budget_nano_usd: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    resume_at: datetime | None
    """Before which its provider is not to be asked."""
    refills: int
    """Rounds of them."""
    reported_at: datetime | None

    def model_for(self, purpose: Purpose) -> str | None:
        """Who is asked for it; None where nobody is."""
        models = {"generate": self.model, "annotate": self.annotating_model, "judge": self.judging_model}
        return models[purpose]


@dataclass(frozen=True, slots=True)
class Item:
    """One row of `batch_items`."""

    id: str
    batch_id: str
    user_id: str
    number: int
    persona: str
    arc: str
    topic: str
    template: str
    tier: str
    seed: int
    turns: int
    opening: str
    situation: str
    refill_of: int | None
    avoided_openings: list[str] | None
    draw: int
    state: ItemState
    state_reason: str | None
    submission_id: str | None
    asked_at: datetime | None
    bound_nano_usd: int | None
    """What its requests that are under way may cost at most."""
    request_count: int | None
    """How many they are."""
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """Requests that are to be sent together."""

    submission_id: str
    batch_id: str
    purpose: Purpose
    model: str
    is_batched: bool
    bounds: Mapping[str, int]
    """What those of an item may cost at most, by its id."""
    body_sha256: str | None = None
    request_counts: Mapping[str, int] = field(default_factory=dict)
    """Of items that have more than one."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One row of `llm_submissions`."""

    id: str
    batch_id: str
    user_id: str
    purpose: Purpose
    provider: str
    model: str
    is_batched: bool
    state: SubmissionState
    state_reason: str | None
    requests: int
    body_sha256: str | None
    reserved_nano_usd: int
    """What is still kept back for it."""
    external_id: str | None
    created_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    beat_at: datetime | None
    """Its worker's last."""


@dataclass(frozen=True, slots=True)
class NewCall:
    """A paid answer, or one that may have been. Tokens are None where the provider told none."""

    custom_id: str
    item_id: str
    outcome: Outcome
    cost_nano_usd: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_read_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of `llm_calls`, as whoever looks at a batch sees it."""

    id: int
    submission_id: str
    custom_id: str
    item_id: str
    purpose: Purpose
    provider: str
    model: str
    outcome: Outcome
    input_tokens: int | None
    output_tokens: int | None
    cache_write_tokens: int | None
    cache_read_tokens: int | None
    cost_nano_usd: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewFailure:
    """A draw of an item that came to nothing;"""

    failure_type: FailureType
    detail: str
    stop_reason: str | None = None
    raw_response: str | None = None
    """As it came, whole or not."""


@dataclass(frozen=True, slots=True)
class NewConversation:
    """What a model wrote, screened."""

    title: str
    content: Mapping[str, Any]
    raw: str
    findings: Sequence[Mapping[str, Any]]
    """Each with code, severity, turn and sentence."""
    turn_count: int


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of an item with an answer: its next state, and whether it is drawn anew."""

    item_id: str
    state: ItemState
    reason: str | None = None
    is_new_draw: bool = False
    failure: NewFailure | None = None
    conversation: NewConversation | None = None
    content: Mapping[str, Any] | None = None
    """What an annotation or a judgement changes of its conversation; None leaves it."""
    judgement: Mapping[str, Any] | None = None
    """What an annotation or a judgement changes of its conversation; None leaves it."""
    score: float | None = None
    """None where it was not judged."""


@dataclass(frozen=True, slots=True)
class Selected:
    """How an item's conversation ends when its batch is selected."""

    item_id: str
    state: ItemState
    reason: str | None
    quality_tier: QualityTier | None = None
    """Of an accepted one."""
    split: str | None = None
    """Of an accepted one."""


@dataclass(frozen=True, slots=True)
class Made:
    """One row of `generated_conversations`;"""

    id: str
    batch_id: str
    user_id: str
    title: str
    persona: str
    arc: str
    topic: str
    tier: str
    status: ConversationStatus
    status_reason: str | None
    enrichment_status: EnrichmentStatus
    version: int
    """The newest."""
    score: float | None
    quality_tier: QualityTier | None
    split: str | None
    turn_count: int
    finding_codes: list[str]
    is_judgement_stale: bool
    reviewed_by: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One row of `conversation_versions`: never changed but for what annotating and judging add to a model's own."""

    conversation_id: str
    version: int
    user_id: str
    source: str
    author: str
    content: dict[str, Any]
    raw: str | None
    findings: list[dict[str, Any]]
    judgement: dict[str, Any] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What a person did with a conversation."""

    conversation_id: str
    version: int
    reviewer: str
    action: ReviewAction
    note: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page of conversations, and how many there are in all."""

    items: list[Made]
    total: int


@dataclass(frozen=True, slots=True)
class MadeQuery:
    """Which conversations are meant; a field that is None or empty asks for nothing.

    Frozen, it makes a training file.
    """

    batch_id: str | None = None
    persona: str | None = None
    arc: str | None = None
    topic: str | None = None
    tier: str | None = None
    quality_tier: QualityTier | None = None
    status: ConversationStatus | None = None
    score_min: float | None = None
    """Those that were not judged have none, and do not fit."""
    finding: str | None = None
    text: str | None = None
    """In the title."""


@dataclass(frozen=True, slots=True)
class BatchMoney:
    """What a batch cost, and what is kept back for what is under way."""

    spent_nano_usd: int
    reserved_nano_usd: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Items of a batch by state, and by persona and arc: how many are accepted, and in all."""

    by_state: dict[ItemState, int] = field(default_factory=dict)
    cells: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FailedDraw:
    """One row of `failed_generations`, with the keys of what was to be made."""

    id: int
    item_id: str
    number: int
    draw: int
    purpose: Purpose
    failure_type: FailureType
    detail: str
    stop_reason: str | None
    raw_response: str | None
    model: str
    persona: str
    arc: str
    topic: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A conversation of a training file."""

    conversation_id: str
    version: int
    told: dict[str, Any]
    """What was known of it when the file was built."""


@dataclass(frozen=True, slots=True)
class NewTrainingFile:
    """A file that was built."""

    name: str
    version: int
    """The next of its name, as its files say of themselves."""
    query: Mapping[str, Any]
    conversations: Sequence[Member]
    """In the file's order."""
    total_training_pairs: int
    files_uri: str
    files: Mapping[str, Any]
    """Names with SHA-256 and size."""
    content_sha256: str


@dataclass(frozen=True, slots=True)
class TrainingFile:
    """One row of `training_files`."""

    id: str
    user_id: str
    name: str
    version: int
    query: dict[str, Any]
    conversation_count: int
    total_training_pairs: int
    files_uri: str
    files: dict[str, Any]
    content_sha256: str
    cost_nano_usd: int
    """What making its conversations cost."""
    dataset_id: str | None
    """Once it was sent."""
    created_at: datetime
