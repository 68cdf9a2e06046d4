"""Which datasets wait for a validation run, which runs were asked for, and which of them never answered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from pipeline.catalog.engine import Database
from pipeline.catalog.lookup import read_dataset, to_dataset
from pipeline.catalog.records import Dataset
from pipeline.catalog.statements import chunks
from pipeline.catalog.tables import IS_CURRENT, IS_DELETED, datasets

_IS_WAITING = (datasets.c.status == "validating") & IS_CURRENT & ~IS_DELETED


class Requests(Database):
    """The methods that sensors and the reconcile schedule use to ask for runs, once each."""

    def unrequested(self, limit: int) -> list[Dataset]:
        """Return datasets in validation that no run was asked for, oldest first.

        Deleted and superseded ones are not validated: nobody waits for them.
        """
        return self._waiting(datasets.c.requested_at.is_(None), limit)

    def mark_requested(self, ids: Sequence[str], now: datetime) -> None:
        """Note that runs were asked for, one attempt each; datasets already marked stay as they are."""
        mark = (
            update(datasets)
            .where(datasets.c.status == "validating", datasets.c.requested_at.is_(None))
            .values(requested_at=now, updated_at=now, attempt=datasets.c.attempt + 1)
        )
        with self._writing() as connection:
            for some in chunks(ids):
                connection.execute(mark.where(datasets.c.id.in_(some)))

    def stuck(self, requested_before: datetime) -> list[Dataset]:
        """Return datasets still in validation whose run was asked for before that time, oldest first."""
        return self._waiting(datasets.c.requested_at < requested_before)

    def reset_request(self, ids: Sequence[str]) -> None:
        """Forget the requests of datasets still in validation, so that they are asked for again; attempts stay."""
        reset = update(datasets).where(datasets.c.status == "validating").values(requested_at=None)
        with self._writing() as connection:
            for some in chunks(ids):
                connection.execute(reset.where(datasets.c.id.in_(some)))

    def request_again(self, ids: Sequence[str], now: datetime) -> None:
        """Send datasets that have a verdict back to validation, because what it left behind was lost."""
        again = (
            update(datasets)
            .where(datasets.c.status.in_(("ready", "error")))
            .values(status="validating", training_ready=False, requested_at=None, updated_at=now)
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
            return list(connection.execute(decided.order_by(datasets.c.created_at, datasets.c.id)).scalars())

    def owners(self) -> list[str]:
        """Whoever has a dataset."""
        with self._reading() as connection:
            return list(connection.execute(select(datasets.c.user_id).distinct()).scalars())

    def record_failure(self, dataset_id: str, message: str, now: datetime) -> None:
        """Note for operators why a run failed; the status stays, the next verdict clears it.

        Raises:
            DatasetNotFound: there is no such dataset.
        """
        with self._writing() as connection:
            read_dataset(connection, dataset_id)
            note = update(datasets).where(datasets.c.id == dataset_id)
            connection.execute(note.values(failure=message, updated_at=now))

    def _waiting(self, which: ColumnElement[bool], limit: int | None = None) -> list[Dataset]:
        oldest = select(datasets).where(_IS_WAITING, which).order_by(datasets.c.created_at, datasets.c.id)
        with self._reading() as connection:
            return [to_dataset(row) for row in connection.execute(oldest.limit(limit))]
