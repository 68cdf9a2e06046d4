"""Which datasets a run covers, and which are covered by runs that still live."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from assets.jobs import PLAN_TRAINING
from sensors.new_uploads import PARTITION_SET

_START, _END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
_BEGUN = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
UNFINISHED = [dg.DagsterRunStatus.QUEUED, *_BEGUN]


def covered_by(run: dg.DagsterRun, partition_order: Sequence[str]) -> list[str]:
    """Partition keys of a run over a range, or of one partition."""
    if single := run.tags.get("dagster/partition"):
        return [single]
    start, end = run.tags.get(_START), run.tags.get(_END)
    if start not in partition_order or end not in partition_order:
        return []
    return list(partition_order[partition_order.index(start) : partition_order.index(end) + 1])


def in_progress(instance: dg.DagsterInstance, now: datetime, stuck_after_s: float) -> set[str]:
    """Keys that a queued run, or one begun not too long ago, covers.

    A run whose process died with its machine stays `STARTED` for ever, and one whose process died before the start
    stays `NOT_STARTED`; a range takes minutes at most. Only in the queue may a run stay long.
    """
    order = list(instance.get_dynamic_partitions(PARTITION_SET))
    return {
        key
        for run in living_runs(instance, now, stuck_after_s)
        if run.job_name != PLAN_TRAINING.name  # its ranges are of ready datasets, in another order
        for key in covered_by(run, order)
    }


def living_runs(
    instance: dg.DagsterInstance, now: datetime, stuck_after_s: float, job: str | None = None
) -> list[dg.DagsterRun]:
    """Runs in the queue, and those begun not too long ago; of one job, or of any."""
    queued = instance.get_runs(dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.QUEUED]))
    begun = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_BEGUN))
    oldest = (now - timedelta(seconds=stuck_after_s)).timestamp()
    return [
        *queued,
        *(
            record.dagster_run
            for record in begun
            if (record.start_time or record.create_timestamp.timestamp()) > oldest
        ),
    ]
