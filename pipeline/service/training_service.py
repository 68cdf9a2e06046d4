"""Trainings as users see them: started, tried again, watched.

What a machine elsewhere tells is in `machine_reports.py`.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.contract.training_values import (
    AttemptList,
    MetricSeries,
    Retry,
    TrainingArtifact,
    TrainingArtifacts,
    TrainingAttempt,
    TrainingMetrics,
    TrainingProgress,
    WantedRetry,
    WantedTraining,
)
from pipeline.dataset.tokens import load_tokenizer
from pipeline.errors import UsageError
from pipeline.flow.job_making import JobMaker
from pipeline.flow.remedies import Changed, make_changed, retry_wish
from pipeline.flow.trainings import Wish, ask
from pipeline.service.access import Access
from pipeline.service.attempt_tokens import start_line
from pipeline.service.attempt_values import attempt_value
from pipeline.service.finding_service import safe_cell
from pipeline.service.job_values import changes_of
from pipeline.service.plan_service import catalogues_of
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.attempt_records import Attempt, Series
from pipeline.state.catalog.job_records import MetricsPoint

POINT_COLUMNS = ("name", "step", "value", "epoch", "measured_at")


def start_training(
    service: Service, user: User, job_id: str, wanted: WantedTraining, service_url: str
) -> TrainingAttempt:
    """Ask for a training of one's own job; Dagster's daemon starts it. service_url: where machines reach the service.

    Raises:
        JobNotFound: there is none of this user.
        UsageError: there can be no such training; says why.
        Conflicting: one is under way, the job is out of date, or a budget does not allow it.
    """
    wish = Wish(
        job_id=job_id,
        launcher=wanted.launcher,
        trainer=wanted.trainer,
        budget_usd=wanted.budget_usd,
        is_resumed=wanted.resume,
        over_budget_reason=wanted.over_budget_reason,
    )
    return _asked(service, user, wish, service_url)


def retry_training(service: Service, user: User, job_id: str, wanted: WantedRetry, service_url: str) -> Retry:
    """Ask for another attempt like the last one, or for one of a job that its failure suggests.

    Raises:
        JobNotFound: there is none of this user.
        UsageError: nothing was tried yet, or no change is known to help.
        Conflicting: one is under way, the job is out of date, or a budget does not allow it.
    """
    if wanted.resume and wanted.changed:
        raise UsageError("expected one of resume and changed, found both: another job has no checkpoints to go on from")
    access = service.access(user)
    job = access.own_catalog.get_job(job_id, user.id)
    last = access.newest_attempts([job.id]).get(job.id)
    wish = retry_wish(last, job.id, wanted.budget_usd, wanted.over_budget_reason, wanted.resume)
    changes: tuple[Changed, ...] = ()
    if wanted.changed and last is not None:
        maker = JobMaker(access.own_catalog, service.lake, load_tokenizer(service.settings.tokenizer), run_id=None)
        catalogues = catalogues_of(service, user)
        made, changes = make_changed(maker, catalogues, job, last, service.now())
        wish = replace(wish, job_id=made.id)
    return Retry(attempt=_asked(service, user, wish, service_url), changes=changes_of(changes))


def list_attempts(service: Service, user: User, job_id: str, service_url: str) -> AttemptList:
    """Every attempt at a job, oldest first.

    Raises:
        JobNotFound: there is none that the user may see.
    """
    access = service.access(user)
    attempts = access.attempts(job_id)
    return AttemptList(items=[_shown(service, access, each, attempts, service_url) for each in attempts])


def show_attempt(service: Service, user: User, job_id: str, attempt_id: str, service_url: str) -> TrainingAttempt:
    """One attempt at a job.

    Raises:
        JobNotFound: there is no such job that the user may see, or it has no such attempt.
    """
    access = service.access(user)
    attempts = access.attempts(job_id)
    found = access.attempt(job_id, attempt_id) or attempts[-1]
    return _shown(service, access, found, attempts, service_url)


def show_progress(service: Service, access: Access, job_id: str) -> TrainingProgress:
    """How a job's newest attempt goes just now.

    Raises:
        JobNotFound: there is none that the user may see.
    """
    job, attempts = access.job(job_id), access.attempts(job_id)
    newest = attempts[-1] if attempts else None
    figures = {each.name: each.last_value for each in access.series_of([newest.id])[newest.id]} if newest else {}
    resumed = _resumed(newest, attempts) if newest else None
    shown = attempt_value(newest, service.now(), resumed) if newest else None
    return TrainingProgress(job_id=job.id, status=job.status, attempt=shown, figures=figures)


def show_metrics(
    service: Service, user: User, job_id: str, attempt_id: str | None, name: str | None
) -> TrainingMetrics:
    """The figures of an attempt in short; of no id, of the newest.

    Raises:
        JobNotFound: there is no such job that the user may see, or it has no such attempt.
    """
    access = service.access(user)
    attempt = access.attempt(job_id, attempt_id)
    series = access.series_of([attempt.id])[attempt.id] if attempt else []
    items = [_series(each) for each in series if name in (None, each.name)]
    return TrainingMetrics(attempt_id=attempt.id if attempt else None, items=items)


def metrics_as_json_lines(
    service: Service, user: User, job_id: str, attempt_id: str | None, name: str | None
) -> Iterator[bytes]:
    """Every point, an object a line; raises what `show_metrics` does, before the first line."""
    batches = _points(service, user, job_id, attempt_id, name)
    return ("".join(f"{json.dumps(_point(each))}\n" for each in points).encode() for points in batches)


def metrics_as_csv(
    service: Service, user: User, job_id: str, attempt_id: str | None, name: str | None
) -> Iterator[bytes]:
    """Every point, a header and a row each; raises what `show_metrics` does, before the first line."""
    batches = _points(service, user, job_id, attempt_id, name)

    def blocks() -> Iterator[bytes]:
        yield _csv([POINT_COLUMNS])
        for points in batches:
            yield _csv([[safe_cell(cell) for cell in _point(each).values()] for each in points])

    return blocks()


def show_log(service: Service, user: User, job_id: str, attempt_id: str | None) -> str:
    """The end of an attempt's log; of no id, of the newest's.

    Raises:
        JobNotFound: there is no such job that the user may see, or it has no such attempt.
    """
    attempt = service.access(user).attempt(job_id, attempt_id)
    return (attempt.log_tail or "") if attempt else ""


def list_artifacts(service: Service, user: User, job_id: str) -> TrainingArtifacts:
    """What the trainings of a job left: the files that are kept, then what was only reported.

    Raises:
        JobNotFound: there is none that the user may see.
    """
    access = service.access(user)
    attempts = access.attempts(job_id)
    known = {model.id: model.files for model in access.models(job_id=job_id, limit=100).items}
    kept = [_kept(each.id, name, size, known) for each in attempts for name, size in _files_of(service, each)]
    told = [
        TrainingArtifact(
            attempt_id=None,
            kind=each.kind,
            name=each.storage_path,
            size_bytes=each.size_bytes,
            sha256=each.content_sha256,
            is_kept=False,
        )
        for each in access.artifacts_of(job_id)
    ]
    return TrainingArtifacts(items=[*kept, *told])


def _asked(service: Service, user: User, wish: Wish, service_url: str) -> TrainingAttempt:
    access = service.access(user)
    attempt = ask(access.own_catalog, service.settings, user.id, wish, service.now(), missing=service.missing)
    return _shown(service, access, attempt, access.attempts(attempt.job_id), service_url)


def _shown(
    service: Service, access: Access, attempt: Attempt, attempts: Sequence[Attempt], service_url: str
) -> TrainingAttempt:
    is_theirs = attempt.user_id == access.user.id  # an admin reads, and starts nothing
    line = start_line(service.signer, attempt, service_url) if is_theirs else None
    transitions = access.transitions_of(attempt.id)
    return attempt_value(attempt, service.now(), _resumed(attempt, attempts), transitions, line)


def _resumed(attempt: Attempt, attempts: Sequence[Attempt]) -> Attempt | None:
    return next((each for each in attempts if each.id == attempt.resumed_from), None)


def _series(series: Series) -> MetricSeries:
    fields = {name: getattr(series, name) for name in MetricSeries.model_fields if name != "buckets"}
    return MetricSeries(**fields, buckets=[list(bucket) for bucket in series.buckets])


def _points(
    service: Service, user: User, job_id: str, attempt_id: str | None, name: str | None
) -> Iterator[list[MetricsPoint]]:
    access = service.access(user)
    attempt = access.attempt(job_id, attempt_id)

    def batches() -> Iterator[list[MetricsPoint]]:
        after = 0
        while attempt and (found := access.points_of(attempt, name, after)):
            yield [point for _, point in found]
            after = found[-1][0]

    return batches()


def _point(point: MetricsPoint) -> dict[str, object]:
    at = point.measured_at.isoformat() if point.measured_at else None
    return dict(zip(POINT_COLUMNS, (point.name, point.step, point.value, point.epoch, at), strict=True))


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _files_of(service: Service, attempt: Attempt) -> list[tuple[str, int]]:
    return sorted(service.lake.model_files(attempt.id).items())


def _kept(
    attempt_id: str, name: str, size_bytes: int, known: Mapping[str, Mapping[str, Mapping[str, object]]]
) -> TrainingArtifact:
    digest = known.get(attempt_id, {}).get(name, {}).get("sha256")
    return TrainingArtifact(
        attempt_id=attempt_id,
        kind="file",
        name=name,
        size_bytes=size_bytes,
        sha256=str(digest) if digest else None,
        is_kept=True,
    )
