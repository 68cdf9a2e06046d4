"""Writing what validation found out, together with the notification that tells the owner."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from pipeline.errors import ObjectChanged
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Dataset, Verdict
from pipeline.state.catalog.events import Event, changed_datasets, note_events
from pipeline.state.catalog.lookup import describe_dataset, read_dataset
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.statuses import NotificationKind
from pipeline.state.catalog.tables import IS_DELETED, dataset_events, datasets, notifications
from pipeline.state.catalog.waiting import DECIDED, VALIDATED_AGAIN

# The row is what lists and the service show; every finding and conversation is in the lake.
MAX_VALIDATION_ERRORS = 10
MAX_SAMPLES = 3

_COMPARED = (
    "status",
    "format",
    "answers_to_learn",
    "total_training_pairs",
    "total_validation_pairs",
    "total_tokens",
    "token_method",
    "avg_turns_per_conversation",
    "avg_tokens_per_turn",
    "line_count",
    "rejected_line_count",
    "conversation_count",
    "content_sha256",
    "run_id",
)


class Verdicts(Database):
    """The method that validation runs use."""

    def record_verdict(self, verdict: Verdict, now: datetime) -> bool:
        """Write a verdict and its notification in one transaction; return whether anything changed.

        A verdict that is there already, of the same run with the same figures, changes nothing. A re-validation with
        the same outcome updates the figures and notifies nobody.

        Raises:
            DatasetNotFound: there is no such dataset.
            ObjectChanged: the verdict is about other bytes than the dataset has.
        """
        with self._writing() as connection:
            dataset = read_dataset(connection, verdict.dataset_id, for_update=True)
            if dataset.content_version != verdict.content_version:
                raise ObjectChanged(
                    f"{dataset.storage_path}: expected a verdict on the content version {dataset.content_version} of "
                    f"{describe_dataset(dataset)}, found one on {verdict.content_version}: nothing was written, the "
                    f"new bytes are validated as a dataset of their own"
                )
            if dataset.mapping != verdict.mapping:  # its owner said meanwhile how it is to be read
                if dataset.status in ("ready", "error"):  # and another run did; this one's rows lie over its rows
                    again = update(datasets).where(datasets.c.id == dataset.id)
                    connection.execute(again.values(VALIDATED_AGAIN | {"updated_at": now}))
                    why = "it is read otherwise"
                    note_events(
                        connection, [Event(dataset.id, dataset.user_id, "sent_back", "validating", detail=why)], now
                    )
                return False
            if all(getattr(dataset, name) == getattr(verdict, name) for name in _COMPARED):
                return False
            connection.execute(update(datasets).where(datasets.c.id == dataset.id).values(_columns(verdict, now)))
            note_events(connection, [_judged(dataset, verdict)], now)
            _notify_change(connection, dataset, verdict, now)
            if verdict.status == "ready" and dataset.replaces:
                _take_place(connection, dataset, now)
        return True


def _judged(dataset: Dataset, verdict: Verdict) -> Event:
    return Event(
        dataset.id,
        dataset.user_id,
        "judged",
        verdict.status,
        verdict.run_id,
        dataset.request_key,
        dataset.attempt,
        detail=verdict.message,
        line_count=verdict.line_count,
        rejected_line_count=verdict.rejected_line_count,
        conversation_count=verdict.conversation_count,
        total_tokens=verdict.total_tokens,
        finding_counts=verdict.finding_counts,
    )


def _take_place(connection: Connection, dataset: Dataset, now: datetime) -> None:
    """Take the version before out of the lists, once: whoever brings it back keeps it there."""
    taken = select(dataset_events.c.id).where(
        dataset_events.c.dataset_id == dataset.replaces,
        dataset_events.c.kind == "superseded",
        dataset_events.c.related_id == dataset.id,
    )
    is_gone = dataset.deleted_at is not None or dataset.superseded_by is not None
    if is_gone or connection.execute(taken.limit(1)).one_or_none() is not None:
        return
    former = (datasets.c.id == dataset.replaces) & (datasets.c.user_id == dataset.user_id) & ~IS_DELETED
    changed = changed_datasets(connection, update(datasets).where(former).values(deleted_at=now, updated_at=now))
    replaced = [Event(row.id, row.user_id, "superseded", row.status, related_id=dataset.id) for row in changed]
    note_events(connection, replaced, now)


def _columns(verdict: Verdict, now: datetime) -> dict[str, object]:
    return {
        **DECIDED,
        **{name: getattr(verdict, name) for name in _COMPARED},
        "training_ready": verdict.status == "ready",
        "validation_errors": verdict.validation_errors[:MAX_VALIDATION_ERRORS],
        "sample_data": verdict.sample_data[:MAX_SAMPLES],
        "validated_at": now,
        "updated_at": now,
        "failure": None,
    }


def _notify_change(connection: Connection, dataset: Dataset, verdict: Verdict, now: datetime) -> None:
    kind: NotificationKind = "dataset_ready" if verdict.status == "ready" else "dataset_error"
    told = (notifications.c.dataset_id == dataset.id) & notifications.c.kind.in_(["dataset_ready", "dataset_error"])
    last = connection.execute(
        select(notifications.c.kind).where(told).order_by(notifications.c.id.desc()).limit(1)
    ).scalar()
    if last == kind:
        return
    # An outcome that turns, and turns back, is news each time: the key counts the turns.
    turns = connection.execute(select(func.count()).where(told)).scalar_one()
    notice = Notice(kind=kind, dedupe_key=f"verdict-{turns + 1}", title=verdict.title, message=verdict.message)
    send(connection, dataset.id, dataset.user_id, notice, now)
