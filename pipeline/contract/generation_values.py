"""Batches of conversations that are made: estimated, planned, started, and how far each is.

What is wished for is in `service/new_batch.py`: it names scaffolds by the types of `generation`. The conversations
themselves are in `conversation_values.py`.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.http_answers import Request, Value
from pipeline.contract.training_file_values import TrainingFileSummary
from pipeline.state.catalog.statuses import (
    BatchStatus,
    FailureType,
    ItemState,
    Outcome,
    Purpose,
    SubmissionState,
)

MAX_ITEM_NUMBERS = 10_000
MAX_ITEM_NUMBER = 2**31 - 1  # databases count them in 32 bits
_BUDGET = "What it may cost in all, in US dollars."


class BatchCell(Value):
    """Conversations of a persona and an arc: accepted so far, and to be made. Those with none are left out."""

    persona: str
    arc: str
    filled: int
    quota: int


class EstimatedCalls(Value):
    """What all calls of a purpose take; tokens as expected."""

    purpose: Purpose
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: EstimatedRange
    is_calibrated: bool = Field(description="After what finished items of it took.")


class BatchEstimate(Value):
    """What a batch takes in all, what it did cost so far included."""

    items: int
    provider: str = Field(description="Who is asked; its prices hold.")
    is_batched: bool = Field(description="By the provider's batches, which are cheaper and take longer.")
    cells: list[BatchCell]
    calls: list[EstimatedCalls]
    input_tokens: int
    output_tokens: int
    cost_usd: EstimatedRange
    needs_budget: bool = Field(description="Whether it costs money, so that it starts within a budget only.")


class BatchSummary(Value):
    """One batch in a list."""

    id: str
    user_id: str
    name: str
    status: BatchStatus
    status_reason: str | None
    provider: str
    model: str
    annotating_model: str | None = Field(description="Null: what the writer says of its turns holds.")
    judging_model: str | None = Field(description="Null: nobody judges.")
    is_batched: bool
    items: int
    by_state: dict[ItemState, int] = Field(description="How many items are so; they sum to all.")
    budget_usd: float
    budget_nano_usd: int = Field(description="The same in billionths, exact, as of all sums.")
    spent_usd: float
    spent_nano_usd: int
    reserved_usd: float = Field(description="Kept back for what is under way.")
    reserved_nano_usd: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    resume_at: datetime | None = Field(description="Before which its provider is not asked again.")


class BatchList(Value):
    """One page of batches, newest first; `total` counts those of all pages."""

    items: list[BatchSummary]
    total: int
    page: int
    limit: int


class CallsOfPurpose(Value):
    """What was asked for a purpose, and what it did cost."""

    purpose: Purpose
    calls: int
    cost_usd: float
    cost_nano_usd: int


class OpenSubmission(Value):
    """Requests that were sent together and are not done with."""

    id: str
    purpose: Purpose
    state: SubmissionState
    requests: int
    reserved_nano_usd: int
    external_id: str | None = Field(description="As the provider calls them.")
    created_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None


class BatchDetails(BatchSummary):
    """Everything about a batch."""

    wish: dict[str, Any] = Field(description="What its plan follows from, with its seed.")
    plan_sha256: str = Field(description="Plans that have the same one ask for the same.")
    language: str | None
    scaffold_versions: dict[str, int] = Field(description="By owner, kind and key; no owner: the installation.")
    cells: list[BatchCell]
    refills: int = Field(description="Rounds in which cells that lacked conversations were made good.")
    failures: dict[FailureType, int] = Field(description="Draws that came to nothing.")
    calls: list[CallsOfPurpose]
    submissions: list[OpenSubmission]
    files: list[TrainingFileSummary] = Field(description="Training files with conversations of it, newest first.")


class EstimatedBatch(Value):
    """A batch, and what it takes in all."""

    batch: BatchDetails
    estimate: BatchEstimate


class WantedStart(Request):
    """A batch that is to start, or to go on."""

    budget_usd: float | None = Field(None, ge=0, le=1e6, description=f"{_BUDGET} Null: as it has it.")


class WantedItems(Request):
    """Which failed items are drawn anew."""

    numbers: list[Annotated[int, Field(ge=1, le=MAX_ITEM_NUMBER)]] | None = Field(
        None, max_length=MAX_ITEM_NUMBERS, description="Null: all that failed."
    )


class RetriedItems(Value):
    """How many items are drawn anew; those that did not fail are not."""

    retried: int
    batch: BatchDetails


class WantedSettling(Request):
    """What became of requests that may be at the provider, as a person saw there."""

    submission_id: str = Field(min_length=1, max_length=200)
    external_id: str | None = Field(
        min_length=1,
        max_length=300,
        description="The batch that they are, as the provider calls it; null: none is there, and they are sent again.",
    )


class BatchItem(Value):
    """A conversation that is to be made, and how far it is."""

    number: int
    persona: str
    arc: str
    topic: str
    tier: str
    template: str
    turns: int
    state: ItemState
    state_reason: str | None
    draw: int = Field(description="How often it was drawn anew.")
    refill_of: int | None = Field(description="The number of the item that it makes good.")
    is_asked: bool = Field(description="Whether a model is asked for it just now.")
    conversation_id: str | None
    updated_at: datetime


class BatchItems(Value):
    """One page of a batch's items, by number; `total` counts those of all pages."""

    items: list[BatchItem]
    total: int
    page: int
    limit: int


class FailedGeneration(Value):
    """A draw that came to nothing, with the answer as it came."""

    id: int
    number: int
    draw: int
    purpose: Purpose
    failure_type: FailureType
    detail: str
    stop_reason: str | None
    raw_response: str | None = Field(description="Null where none came.")
    model: str
    persona: str
    arc: str
    topic: str
    created_at: datetime


class FailedGenerations(Value):
    """One page of failed draws, newest first; `total` counts those of all pages."""

    items: list[FailedGeneration]
    total: int
    page: int
    limit: int


class LedgerCall(Value):
    """A row of the ledger: an answer that was paid, or may have been. Tokens are null where none were told."""

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
