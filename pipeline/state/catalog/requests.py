"""Which datasets wait for a validation run, and which runs were asked for. What becomes of them is in `tries.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.engine import Database
from pipeline.state.catalog.lookup import to_dataset
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, datasets
from pipeline.state.catalog.waiting import VALIDATED_AGAIN, is_due

_UNDECIDED = ("validating", "failed")
_IS_WAITING = datasets.c.status.in_(_UNDECIDED) & IS_CURRENT & ~IS_DELETED
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

    def mark_requested(self, ids: Sequence[str], request_key: str, now: datetime) -> None:
        """Note that a run was asked for; datasets already marked stay as they are."""
        mark = (
            update(datasets)
            .where(datasets.c.status.in_(_UNDECIDED), datasets.c.requested_at.is_(None))
            .values(
                requested_at=now,
                request_key=request_key,
                asked=datasets.c.asked + 1,
                begun_by=None,
                retry_at=None,
                updated_at=now,
            )
        )
        with self._writing() as connection:
            for some in chunks(ids):
                connection.execute(mark.where(datasets.c.id.in_(some)))

    def request_again(self, ids: Sequence[str], now: datetime) -> None:
        """Send datasets that have a verdict back to validation, because what it left behind was lost."""
        again = (
            update(datasets)
            .where(datasets.c.status.in_(("ready", "error")))
            .values(VALIDATED_AGAIN | {"updated_at": now})
        )
        with self._writing() as connection:
            for some in chunks(ids):
                connection.execute(again.where(datasets.c.id.in_(some)))

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
