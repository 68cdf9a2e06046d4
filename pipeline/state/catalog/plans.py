"""Which ready datasets still need their default training jobs, which runs were asked for, and what came of them.

What came to nothing is in `tries.py`. A plan is for one verdict: a dataset that is validated again is planned again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, or_, select, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.events import Event, note_events
from pipeline.state.catalog.job_records import Job, Plan, PlanResult
from pipeline.state.catalog.job_tables import training_jobs, training_plans
from pipeline.state.catalog.lookup import read_dataset, to_dataset
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.stale import mark_stale
from pipeline.state.catalog.statements import chunks, insert_or, nobody_elses
from pipeline.state.catalog.tables import IS_UNPLANNED, datasets
from pipeline.state.catalog.waiting import DECIDED, is_due

_IS_FOR_VERDICT = training_plans.c.validation_run_id == datasets.c.run_id
_WITH_PLAN = datasets.outerjoin(training_plans, training_plans.c.dataset_id == datasets.c.id)


class Plans(Database):
    """The methods that the sensor and the runs of training plans use."""

    def unplanned(self, limit: int, now: datetime) -> list[Dataset]:
        """Return ready datasets whose newest verdict has no plan, and that a run may be asked for now, oldest first."""
        is_for_another = training_plans.c.validation_run_id != datasets.c.run_id
        may_be_asked = or_(training_plans.c.dataset_id.is_(None), is_for_another, is_due(training_plans, now))
        oldest = select(datasets).select_from(_WITH_PLAN).where(IS_UNPLANNED, may_be_asked)
        with self._reading() as connection:
            rows = connection.execute(oldest.order_by(datasets.c.created_at, datasets.c.id).limit(limit))
            return [to_dataset(row) for row in rows]

    def plan_tries(self, dataset_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Attempts since each dataset's newest verdict that came to nothing, and at how many of them a process died."""
        table = training_plans.c
        columns = select(table.dataset_id, table.attempt, table.crashes).select_from(_WITH_PLAN)
        found = dict.fromkeys(dataset_ids, (0, 0))
        with self._reading() as connection:
            for some in chunks(dataset_ids):
                query = columns.where(table.dataset_id.in_(some), _IS_FOR_VERDICT)
                found.update((row.dataset_id, (row.attempt, row.crashes)) for row in connection.execute(query))
        return found

    def mark_plans_requested(self, wanted: Sequence[Dataset], request_key: str, now: datetime) -> list[str]:
        """Note that a run is asked for; return the ids of which it is, those that another asks for left out.

        Tries are counted for each verdict.
        """
        with self._writing() as connection:
            mine = nobody_elses(select(datasets.c.id).where(datasets.c.id.in_([each.id for each in wanted])))
            held = set(connection.execute(mine).scalars())
            if not held:
                return []
            row = insert_or(connection, training_plans)
            asked = {"requested_at": now, "request_key": request_key, "asked": 1, "attempt": 0, "crashes": 0}
            rows = [
                {
                    **asked,
                    "dataset_id": dataset.id,
                    "validation_run_id": dataset.run_id,
                    "status": "requested",
                    "updated_at": now,
                }
                for dataset in wanted
                if dataset.id in held
            ]
            is_same = training_plans.c.validation_run_id == row.excluded.validation_run_id
            kept = ("status", "split_fingerprint", "attempt", "crashes")
            again = {
                **{name: case((is_same, training_plans.c[name]), else_=row.excluded[name]) for name in kept},
                "validation_run_id": row.excluded.validation_run_id,
                "requested_at": row.excluded.requested_at,
                "request_key": row.excluded.request_key,
                "asked": case((is_same, training_plans.c.asked + 1), else_=1),
                "begun_by": None,
                "retry_at": None,
                "updated_at": row.excluded.updated_at,
            }
            is_free = or_(~is_same, training_plans.c.requested_at.is_(None))
            mark = row.on_conflict_do_update(index_elements=["dataset_id"], set_=again, where=is_free)
            marked = set(connection.execute(mark.returning(training_plans.c.dataset_id), rows).scalars())
            meant = [each for each in wanted if each.id in marked]
            note_events(connection, [_requested(each, request_key) for each in meant], now)
            return [each.id for each in meant]

    def record_split(self, dataset: Dataset, split_fingerprint: str, now: datetime) -> list[Job]:
        """Note which rows a dataset's newest verdict gave; its jobs of other rows become stale and are returned.

        The plan is open until `record_plan`: a run that is killed between the two is asked for again.

        Raises:
            DatasetNotFound: there is no such dataset.
        """
        values = {
            "validation_run_id": dataset.run_id,
            "status": "requested",
            "split_fingerprint": split_fingerprint,
            "updated_at": now,
        }
        with self._writing() as connection:
            read_dataset(connection, dataset.id)
            row = insert_or(connection, training_plans).values(values | {"dataset_id": dataset.id, "attempt": 0})
            is_same = training_plans.c.validation_run_id == row.excluded.validation_run_id
            has_failed = is_same & (training_plans.c.status == "failed")
            again = values | {"status": case((has_failed, "failed"), else_="requested")}
            connection.execute(row.on_conflict_do_update(index_elements=["dataset_id"], set_=again))
            connection.execute(update(datasets).where(datasets.c.id == dataset.id).values(planned_run_id=None))
            return mark_stale(connection, training_jobs.c.dataset_id == dataset.id, now)

    def record_plan(self, dataset: Dataset, result: PlanResult, now: datetime) -> None:
        """Write what came of a plan whose split is recorded, and tell the owner of new jobs, once for the same rows.

        Raises:
            DatasetNotFound: there is no such dataset.
        """
        with self._writing() as connection:
            found = read_dataset(connection, dataset.id)
            owner = found.user_id
            is_this = training_plans.c.dataset_id == dataset.id
            change = {
                "status": "planned",
                "job_count": result.job_count,
                "message": result.message,
                "not_possible": list(result.not_possible),
                "run_id": result.run_id,
                "updated_at": now,
                **DECIDED,
            }
            connection.execute(update(training_plans).where(is_this).values(change))
            verdict = select(training_plans.c.validation_run_id).where(is_this).scalar_subquery()
            connection.execute(update(datasets).where(datasets.c.id == dataset.id).values(planned_run_id=verdict))
            planned = Event(dataset.id, owner, "planned", found.status, result.run_id, detail=result.message)
            note_events(connection, [planned], now)
            if result.job_count:
                fingerprint = connection.execute(select(training_plans.c.split_fingerprint).where(is_this)).scalar_one()
                notice = Notice(
                    kind="training_jobs_ready",
                    dedupe_key=f"split-{fingerprint[:16]}",
                    title=f"Training jobs for {dataset.name} are ready",
                    message=result.message,
                )
                send(connection, dataset.id, owner, notice, now)

    def why_no_jobs(self, dataset: Dataset) -> str:
        """Why planning by itself gave none for a dataset's newest verdict; empty where it did, or may yet."""
        plan = self.plan_of(dataset.id) if dataset.status == "ready" else None
        return plan.why_no_jobs(dataset) if plan else ""

    def plan_of(self, dataset_id: str) -> Plan | None:
        """What became of a dataset's plan; None where none was asked for."""
        query = select(training_plans).where(training_plans.c.dataset_id == dataset_id)
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Plan(*row)


def _requested(dataset: Dataset, request_key: str) -> Event:
    return Event(dataset.id, dataset.user_id, "plan_requested", dataset.status, request_key=request_key)
