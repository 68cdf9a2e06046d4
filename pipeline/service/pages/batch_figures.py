"""What is said of a batch of conversations wherever it is shown: its status, how far it is, and its money as a bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pipeline.contract.generation_values import BatchSummary
from pipeline.service.pages.dataset_card import Badge, When, when
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.statuses import ENDED_ITEMS, BatchStatus, ItemState
from pipeline.wording import count_of, nano_usd, usd

_CENT = NANO // 100
BADGES: dict[BatchStatus, Badge] = {
    "planned": Badge("Planned", "info"),
    "running": Badge("Being made", "info", is_moving=True),
    "paused": Badge("Paused", "warning"),
    "completed": Badge("Completed", "good"),
    "cancelled": Badge("Cancelled", "info"),
}
STATES: dict[ItemState, str] = {
    "accepted": "Accepted",
    "needs_review": "To be reviewed",
    "rejected": "Rejected",
    "failed": "Failed",
    "judged": "Judged",
    "annotated": "Annotated",
    "written": "Written",
    "planned": "To be written",
}
"""In the order of the bar: what has ended first."""


@dataclass(frozen=True, slots=True)
class StatePart:
    """Items of one state as a piece of a bar; start and length in percent of it."""

    state: ItemState
    label: str
    count: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class MoneyBar:
    """Spent, and kept back besides, within the budget; lengths in percent of the wider of it and both."""

    tone: str
    spent_length: float
    committed_length: float
    budget_length: float
    spent: str
    reserved: str
    budget: str


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in a list."""

    id: str
    url: str
    name: str
    badge: Badge
    items: int
    ended: int
    """How many of its items have ended, for a meter."""
    told: str
    parts: tuple[StatePart, ...]
    money: MoneyBar
    who: str
    created: When
    is_changing: bool


def batch_url(batch_id: str) -> str:
    """The address of a batch's page."""
    return f"/generation/{quote(batch_id)}"


def batch_line(batch: BatchSummary, now: datetime) -> BatchLine:
    """A batch in short."""
    ended = sum(batch.by_state.get(state, 0) for state in ENDED_ITEMS)
    accepted, total = batch.by_state.get("accepted", 0), count_of(batch.items, "conversation")
    return BatchLine(
        id=batch.id,
        url=batch_url(batch.id),
        name=batch.name,
        badge=BADGES[batch.status],
        items=batch.items,
        ended=ended,
        told=total if batch.status == "planned" else f"{accepted:,} of {total} accepted",
        parts=state_parts(batch.by_state),
        money=money_bar(batch.spent_nano_usd, batch.reserved_nano_usd, batch.budget_nano_usd),
        who=f"{batch.model}, {'in batches' if batch.is_batched else 'one by one'}",
        created=when(batch.created_at, now),
        is_changing=batch.status == "running",
    )


def state_parts(by_state: Mapping[ItemState, int]) -> tuple[StatePart, ...]:
    """The pieces of a bar, one beside the other; states that no item has are left out."""
    whole, start, parts = sum(by_state.values()), 0, []
    for state, label in STATES.items():
        if count := by_state.get(state, 0):
            parts.append(StatePart(state, label, count, _percent(start, whole), _percent(count, whole)))
            start += count
    return tuple(parts)


def money_bar(spent: int, reserved: int, budget: int) -> MoneyBar:
    """In billionths of a US dollar. No budget is none that bounds it, as where nothing is paid."""
    whole = max(budget, spent + reserved, 1)
    is_near = bool(budget) and spent + reserved >= budget
    return MoneyBar(
        tone="warning" if is_near else "good",
        spent_length=_percent(spent, whole),
        committed_length=_percent(spent + reserved, whole),
        budget_length=_percent(budget, whole) if budget else 100.0,
        spent=money_said(spent),
        reserved=money_said(reserved),
        budget=money_said(budget) if budget else "none",
    )


def money_said(amount: int) -> str:
    """An amount in billionths of a US dollar: to the cent, what is less than one with the digits that it has."""
    return usd(amount / NANO) if amount >= _CENT or not amount else nano_usd(amount)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)
