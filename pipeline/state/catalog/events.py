"""What happened to datasets: a row an event, written in the transaction of what it tells, and never changed.

A dataset's own row says what is true now; what was true before, how often it was tried, and what its earlier verdicts
said is here alone. So lead times, retries and trends are the same however often a dataset is validated again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Update, insert

from pipeline.state.catalog.statuses import EventKind, Status
from pipeline.state.catalog.tables import dataset_events, datasets


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a dataset; its fields are the columns of `dataset_events`."""

    dataset_id: str
    user_id: str
    kind: EventKind
    status: Status
    """Of the dataset, once it happened."""
    run_id: str | None = None
    request_key: str | None = None
    attempt: int | None = None
    """Tries that came to nothing, this one among them."""
    related_id: str | None = None
    """The dataset that took its place."""
    detail: str | None = None
    """Why, or what came of it, in words."""
    line_count: int | None = None
    rejected_line_count: int | None = None
    conversation_count: int | None = None
    total_tokens: int | None = None
    finding_counts: Mapping[str, int] | None = None


def note_events(connection: Connection, events: Iterable[Event], now: datetime) -> None:
    """Write events, in the caller's transaction, in the order in which they are given."""
    if rows := [asdict(event) | {"created_at": now} for event in events]:
        connection.execute(insert(dataset_events), rows)


def changed_datasets(connection: Connection, change: Update) -> list[Any]:
    """Change rows of `datasets`, and return what events say of those that were changed, by id."""
    told = (datasets.c.id, datasets.c.user_id, datasets.c.status, datasets.c.attempt)
    return sorted(connection.execute(change.returning(*told)).all(), key=lambda row: str(row.id))
