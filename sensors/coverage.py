"""What Dagster knows of the runs that were asked for: whether they live, and how those ended that do not."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

import dagster as dg

from assets.partitions import REQUEST_TAG
from pipeline.flow.retries import Fate
from resources.dagster_internals import WorkerStatus

_LOG = logging.getLogger(__name__)
_BEGUN = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
UNFINISHED = [dg.DagsterRunStatus.QUEUED, *_BEGUN]
_START_TAKES_S = 60  # a process that is not there after that long will not come


def living_runs(
    instance: dg.DagsterInstance, now: datetime, stuck_after_s: float, job: str | None = None
) -> list[dg.DagsterRun]:
    """Runs in the queue, and those begun that have a process; of one job, or of any."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=UNFINISHED))
    return [record.dagster_run for record in records if _lives(instance, record, now, stuck_after_s)]


def queued_runs(instance: dg.DagsterInstance, job: str) -> int:
    """How many runs of a job wait in the queue."""
    return instance.get_runs_count(dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.QUEUED]))


def fates(
    instance: dg.DagsterInstance, request_keys: Collection[str], now: datetime, stuck_after_s: float
) -> dict[str, Fate]:
    """What became of the newest run of each request."""
    found: dict[str, Fate] = {}
    for key in request_keys:
        records = instance.get_run_records(dg.RunsFilter(tags={REQUEST_TAG: key}), limit=1)
        found[key] = _fate(instance, records[0], now, stuck_after_s) if records else Fate("lost")
    return found


def _fate(instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime, stuck_after_s: float) -> Fate:
    run = record.dagster_run
    if not run.is_finished:
        if _lives(instance, record, now, stuck_after_s):
            return Fate("living", run.run_id)
        return Fate("died", run.run_id, f"run {run.run_id} has no process any more")
    if run.status == dg.DagsterRunStatus.SUCCESS:
        return Fate("ended", run.run_id)
    reason, has_said_so = _ending(instance, run.run_id)
    is_canceled = run.status == dg.DagsterRunStatus.CANCELED
    return Fate("ended" if has_said_so or is_canceled else "died", run.run_id, reason or f"run {run.run_id} ended")


def _lives(instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime, stuck_after_s: float) -> bool:
    """Whether a run has a process, or will have one.

    A run whose process died with its machine stays `STARTED` for ever, one whose process died before the start stays
    `STARTING`. The launcher can tell, where it launched the run; else a run lives for a while.
    """
    run = record.dagster_run
    if run.status == dg.DagsterRunStatus.QUEUED:
        return True
    began = record.start_time or record.create_timestamp.timestamp()
    if run.status == dg.DagsterRunStatus.STARTED or _is_before(record.update_timestamp, now, _START_TAKES_S):
        status = _status_of_worker(instance, run)
        if status is not None:
            return status != WorkerStatus.FAILED or _will_be_resumed(instance, run)
    return began > (now - timedelta(seconds=stuck_after_s)).timestamp()


def _status_of_worker(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus | None:
    """What the launcher says of the run's process; None where it cannot: Celery's fails on runs of others."""
    launcher = instance.run_launcher
    if not launcher.supports_check_run_worker_health or not getattr(launcher, "can_tell", lambda _: True)(run):
        return None
    try:
        return launcher.check_run_worker_health(run).status
    except Exception as error:
        _LOG.warning("whether run %s lives cannot be asked: %s: %s", run.run_id, type(error).__name__, error)
        return None


def _will_be_resumed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster's run monitoring gives the run another process, as it may on Kubernetes and ECS."""
    return (
        run.status == dg.DagsterRunStatus.STARTED
        and instance.run_launcher.supports_resume_run
        and instance.run_will_resume(run.run_id)
    )


def _is_before(moment: datetime, now: datetime, seconds: float) -> bool:
    return moment.timestamp() < now.timestamp() - seconds


def _ending(instance: dg.DagsterInstance, run_id: str) -> tuple[str, bool]:
    """Why a run failed, in one sentence, and whether its step said so itself, its process living to the end."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=kinds)]
    steps = [each.step_failure_data.error for each in events if each and each.is_step_failure]
    runs = [each for each in events if each and each.event_type == dg.DagsterEventType.RUN_FAILURE]
    runs_errors = [each.job_failure_data.error for each in runs if each.event_specific_data]
    for error in [*steps, *runs_errors]:
        if error is not None:  # Dagster's own words, around those of the program
            return _sentence((error.cause or error).message), bool(steps)
    return next((_sentence(each.message) for each in runs if each.message), ""), bool(steps)


def _sentence(message: str) -> str:
    """The first line, without the name of the exception before it and the full stop after it."""
    line = message.strip().splitlines()[0].removesuffix(".") if message.strip() else ""
    name, _, rest = line.partition(": ")
    return rest if rest and " " not in name else line
