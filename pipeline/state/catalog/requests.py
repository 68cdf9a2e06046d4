"""Which datasets wait for a validation run, and which runs were asked for. What becomes of them is in `tries.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, Select, case, func, or_, select, update

from pipeline.errors import Conflicting
from pipeline.state.catalog.attempt_tables import IS_LIVE, IS_UNCLOSED, training_attempts
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.events import Event, changed_datasets, note_events
from pipeline.state.catalog.job_tables import IS_OPEN_PLAN, training_plans
from pipeline.state.catalog.lookup import describe_dataset, read_dataset, to_dataset
from pipeline.state.catalog.statements import chunks, nobody_elses
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, IS_UNDECIDED, datasets
from pipeline.state.catalog.waiting import VALIDATED_AGAIN, is_due

NO_BATCHES: Mapping[str, str] = MappingProxyType({})
_UNDECIDED = ("validating", "failed")
_IS_WAITING = IS_UNDECIDED & IS_CURRENT & ~IS_DELETED
_OLDEST = (datasets.c.created_at, datasets.c.id)


class Requests(Database):
    """The methods that sensors and the reconcile schedule use to ask for runs, once each."""

    def unrequested(self, limit: int, now: datetime) -> list[Dataset]:
        """Return datasets without a verdict that a run may be asked for now, oldest first.

        Deleted and superseded ones are not validated: nobody waits for them. Those whose last try came to nothing wait
        until `retry_at`.
        """
        oldest = select(datasets).where(_IS_WAITING, is_due(datasets, now)).order_by(*_OLDEST)
        with self._reading() as connection:
            return [to_dataset(row) for row in connection.execute(oldest.limit(limit))]

    def mark_requested(
        self, ids: Sequence[str], request_key: str, now: datetime, batches: Mapping[str, str] = NO_BATCHES
    ) -> list[str]:
        """Note that a run is asked for; return the ids of which it is, those that another asks for left out.

        What somebody changes at this moment is left out as well, and waits for the next request. batches: by id, the
        partition of those that are to share one; all others that have none yet get their own.
        """
        free = select(datasets.c.id).where(IS_UNDECIDED, datasets.c.requested_at.is_(None))
        mark = update(datasets).values(
            requested_at=now,
            request_key=request_key,
            asked=datasets.c.asked + 1,
            begun_by=None,
            retry_at=None,
            updated_at=now,
        )
        marked: list[str] = []
        with self._writing() as connection:
            for some in chunks(ids):
                mine = nobody_elses(free.where(datasets.c.id.in_(some)))
                place = mark.values(partition_key=func.coalesce(datasets.c.partition_key, _place(some, batches)))
                asked = changed_datasets(connection, place.where(datasets.c.id.in_(mine)))
                marked += [row.id for row in asked]
                events = [
                    Event(row.id, row.user_id, "requested", row.status, None, request_key, row.attempt) for row in asked
                ]
                note_events(connection, events, now)
        return marked

    def request_again(self, ids: Sequence[str], now: datetime) -> None:
        """Send datasets that have a verdict back to validation, because what it left behind was lost."""
        again = (
            update(datasets)
            .where(datasets.c.status.in_(("ready", "error")))
            .values(VALIDATED_AGAIN | {"updated_at": now})
        )
        with self._writing() as connection:
            for some in chunks(ids):
                sent_back = changed_datasets(connection, again.where(datasets.c.id.in_(some)))
                why = "what its verdict left behind is not there, or of an older version"
                events = [Event(row.id, row.user_id, "sent_back", row.status, detail=why) for row in sent_back]
                note_events(connection, events, now)

    def retry(self, dataset_id: str, user_id: str, now: datetime) -> Dataset:
        """Have a dataset validated again at once, as if it were new: it has a verdict, or failed.

        Raises:
            DatasetNotFound: there is no such dataset of this user.
            Conflicting: nothing would validate it, or a run was asked for already.
        """
        with self._writing() as connection:
            dataset = read_dataset(connection, dataset_id, user_id, for_update=True)
            if reason := _why_not_again(dataset):
                raise Conflicting(f"{describe_dataset(dataset)} {reason}")
            again = update(datasets).where(datasets.c.id == dataset_id)
            changed = changed_datasets(connection, again.values(VALIDATED_AGAIN | {"updated_at": now}))
            why = "its owner wants it validated again"
            note_events(
                connection, [Event(row.id, row.user_id, "sent_back", row.status, detail=why) for row in changed], now
            )
            return read_dataset(connection, dataset_id)

    def settled(self, ids: Sequence[str]) -> set[str]:
        """Those of some ids of which nothing is under way: no validation, no plan of training, no training.

        What failed is not settled: it is tried again, and a person should see it. An id that is nobody's is.
        """
        left = set(ids)
        with self._reading() as connection:
            for some in chunks(ids):
                for open_ones in _open_among(some):
                    left.difference_update(connection.execute(open_ones).scalars())
        return left

    def with_verdict(self) -> list[str]:
        """Ids of all current datasets that have a verdict, oldest first."""
        # An upload that was given up is an `error` nobody reached: there is nothing of it to be validated.
        has_verdict = datasets.c.status.in_(("ready", "error")) & datasets.c.validated_at.is_not(None)
        decided = select(datasets.c.id).where(has_verdict, IS_CURRENT, ~IS_DELETED)
        with self._reading() as connection:
            return list(connection.execute(decided.order_by(*_OLDEST)).scalars())

    def owners(self) -> list[str]:
        """Whoever has a dataset."""
        with self._reading() as connection:
            return list(connection.execute(select(datasets.c.user_id).distinct()).scalars())


def _place(ids: Sequence[str], batches: Mapping[str, str]) -> ColumnElement[str]:
    """The partition of each, as an expression."""
    shared: dict[str, list[str]] = {}
    for each in ids:
        if each in batches:
            shared.setdefault(batches[each], []).append(each)
    whens = [(datasets.c.id.in_(some), key) for key, some in shared.items()]
    return case(*whens, else_=datasets.c.id) if whens else datasets.c.id


def _why_not_again(dataset: Dataset) -> str:
    """Why a dataset is not validated again; empty where it may be."""
    if dataset.deleted_at is not None:
        return "is deleted: restore it first"
    if dataset.superseded_by is not None:
        return "has been replaced by other bytes at its path: say it of the newer one"
    if dataset.content_version is None:
        return "has not arrived: upload and confirm it first"
    if dataset.status in _UNDECIDED and (dataset.requested_at is not None or dataset.retry_at is None):
        return "waits for its verdict already: a run is asked for"
    return ""


def _open_among(ids: Sequence[str]) -> tuple[Select[tuple[str]], ...]:
    """Queries whose ids are those of datasets of which something is under way."""
    table, plan = datasets.c, training_plans.c
    is_wanted = IS_CURRENT & ~IS_DELETED
    is_asked = table.requested_at.is_not(None)
    validation = IS_UNDECIDED & (is_asked | is_wanted)
    is_planned = (plan.validation_run_id == table.run_id) & (plan.status == "planned")
    without_plan = (table.status == "ready") & is_wanted & or_(plan.dataset_id.is_(None), ~is_planned)
    with_plan = select(table.id).select_from(datasets.outerjoin(training_plans, plan.dataset_id == table.id))
    being_planned = IS_OPEN_PLAN & plan.requested_at.is_not(None)
    return (
        select(table.id).where(table.id.in_(ids), validation),
        with_plan.where(table.id.in_(ids), or_(without_plan, being_planned)),
        select(training_attempts.c.dataset_id).where(training_attempts.c.dataset_id.in_(ids), IS_LIVE | IS_UNCLOSED),
    )
