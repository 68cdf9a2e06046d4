"""What a training that has ended leaves: its model with checksums and a card, how good it is, what it did cost.

Each part is kept before the attempt counts as closed, and the same again changes nothing: a run that dies between two
is done again. Failed and cancelled trainings cost what they took, too.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.errors import JobNotFound
from pipeline.flow.budgets import hours_of
from pipeline.flow.closed import Closed
from pipeline.flow.marks import insist_on_lake
from pipeline.flow.model_card import model_card
from pipeline.flow.own_measurements import measured
from pipeline.flow.trainings import Trainings
from pipeline.launchers.hosted.hosted_launcher import MODEL_FILE
from pipeline.launchers.launcher import Bill, Launcher
from pipeline.state.catalog.attempt_records import Attempt, Evaluation, Model, NewModel
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import NANO, newest
from pipeline.state.catalog.job_records import CostRecord, Job, NewCost
from pipeline.state.catalog.statuses import ENDED_STATES, Moment
from pipeline.state.checksums import sha256_of
from pipeline.state.lake import Lake
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME
from pipeline.trainers.trainer import Objective
from pipeline.wording import count_of, usd

MANIFEST_FILE, CARD_FILE = "manifest.json", "README.md"
_MODEL_FOLDER = "model/"
_MOST_LOSS_FOR_PERPLEXITY = 700.0  # exp() of more is no number
_MOST_FIGURES_BYTES = 1_000_000


def close(trainings: Trainings, lake: Lake, attempt_id: str, now: datetime) -> Closed | None:
    """Keep all that an attempt leaves; None where it has not ended. Whoever calls notes that it is closed.

    Raises:
        ServiceError: catalog, lake or disk failed; it is done again.
    """
    catalog = trainings.catalog
    attempt = catalog.get_attempt(attempt_id)
    if attempt.state not in ENDED_STATES:
        return None
    launcher = trainings.launchers.get(attempt.launcher)
    if launcher is not None and launcher.is_training(attempt):
        launcher.cancel(attempt)  # it was taken for ended: nothing runs that nobody watches
        return None
    insist_on_lake(lake, catalog)
    job = catalog.get_job(attempt.job_id)
    planned = TrainingJob.model_validate(job.job)
    figures = _kept_files(lake, attempt, launcher)
    if launcher is not None:
        attempt = trainings.listen(attempt, launcher, now)
    evaluations = evaluations_of(figures, planned.data.validation_rows, planned.objective)
    catalog.note_evaluations(attempt.id, evaluations, now)
    if (measurement := measured(attempt, planned, figures, trainings.settings)) is not None:
        catalog.note_measurement(measurement, now)
    costs = catalog.costs_of([job.id])[job.id]
    bill = launcher.bill(attempt, planned) if launcher else None
    cost = _note_cost(catalog, job, attempt, costs, bill, now)
    estimate = newest(costs, "estimate")
    model = None
    if attempt.state == "completed":
        model = _keep_model(trainings, lake, Closed(job, attempt, None, evaluations, cost, estimate), now)
    return Closed(job, attempt, model, evaluations, cost, estimate)


def closed_of(catalog: Catalog, job_id: str) -> Closed:
    """What was kept of the newest attempt at a job that has ended.

    Raises:
        JobNotFound: there is no such job, or none of its attempts has ended.
    """
    job = catalog.get_job(job_id)
    ended = [each for each in catalog.attempts_of([job_id])[job_id] if each.state in ENDED_STATES]
    if not ended:
        raise JobNotFound(f"expected a training of {job_id} that has ended, found none: see its page")
    attempt = ended[-1]
    models = catalog.list_models(None, job_id, limit=1_000).items
    costs = catalog.costs_of([job_id])[job_id]
    return Closed(
        job=job,
        attempt=attempt,
        model=next((each for each in models if each.attempt_id == attempt.id), None),
        evaluations=tuple(catalog.evaluations_of([attempt.id])[attempt.id]),
        cost=next((each for each in reversed(costs) if each.attempt_id == attempt.id), None),
        estimate=newest(costs, "estimate"),
    )


def evaluations_of(figures: Mapping[str, Any], rows: int, objective: Objective) -> tuple[Evaluation, ...]:
    """How good a model is, and its base model was, from what the trainer wrote last. rows: kept back for it.

    Of texts and answers the perplexity is exp(loss); the loss of judgements is of another kind.
    """
    moments: tuple[tuple[Moment, str], ...] = (("before", "eval_loss_before"), ("after", "eval_loss"))
    found = []
    for moment, name in moments:
        loss = figures.get(name)
        if not isinstance(loss, float) or not math.isfinite(loss):
            continue
        found.append(Evaluation(moment, "eval_loss", loss, rows, "the trainer"))
        if objective in ("sft", "text") and loss < _MOST_LOSS_FOR_PERPLEXITY:
            found.append(Evaluation(moment, "perplexity", math.exp(loss), rows, "exp(eval_loss)"))
    return tuple(found)


def _kept_files(lake: Lake, attempt: Attempt, launcher: Launcher | None) -> Mapping[str, Any]:
    """Put what a training left where it ran into the lake; return the figures that its trainer wrote last."""
    if files := launcher.model_files(attempt) if launcher else {}:
        if attempt.state != "completed":  # what stands in the way of a model is not one
            files = {name: path for name, path in files.items() if not name.startswith(_MODEL_FOLDER)}
        with lake.staging() as folder:
            for name, path in files.items():
                place = folder / "kept" / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            if files:
                lake.publish_model(attempt.id, folder / "kept")
    size_bytes = lake.model_files(attempt.id).get("metrics.json")
    if size_bytes is None or size_bytes > _MOST_FIGURES_BYTES:
        return {}
    with lake.fetch_model_file(attempt.id, "metrics.json") as path:
        try:
            figures = json.loads(path.read_text("utf-8"))
        except (ValueError, RecursionError):
            return {}
    return figures if isinstance(figures, dict) else {}


def _note_cost(
    catalog: Catalog, job: Job, attempt: Attempt, costs: list[CostRecord], bill: Bill | None, now: datetime
) -> CostRecord | None:
    known = [each for each in costs if each.kind == "actual" and each.attempt_id == attempt.id]
    is_free = attempt.started_at is None and not (bill and bill.nano_usd)
    if known or is_free or attempt.launcher == "reported":
        return known[-1] if known else None
    hours, price = hours_of(attempt, now), attempt.price_per_gpu_hour
    nano_usd = None if price is None else round(hours * attempt.gpu_count * price * NANO)
    said = "" if price is None else f" at {usd(price)} an hour"
    source = f"metered: {hours:.4f} hours of {count_of(attempt.gpu_count, 'GPU')}{said}"
    if bill is not None:
        nano_usd, source, hours = bill.nano_usd, bill.source, hours if bill.hours is None else bill.hours
    new = NewCost(
        kind="actual",
        cost_usd=None if nano_usd is None else nano_usd / NANO,
        hours=hours,
        source=source,
        price_per_gpu_hour=price,
        price_currency=None if nano_usd is None else "USD",
        provider=attempt.provider,
        attempt_id=attempt.id,
        billed_nano_usd=nano_usd,
    )
    return catalog.add_cost(job.id, attempt.user_id, new, now)


def _keep_model(trainings: Trainings, lake: Lake, closed: Closed, now: datetime) -> Model | None:
    attempt = closed.attempt
    if (known := trainings.catalog.model_of(attempt.id)) is not None:
        return known  # its files have the checksums that are told of it
    if not any(name.startswith(_MODEL_FOLDER) for name in lake.model_files(attempt.id)):
        return None
    hosted_as = _hosted_as(lake, attempt)
    with lake.staging() as folder:
        kept = folder / "kept"
        (kept / "model").mkdir(parents=True)
        (kept / _MODEL_FOLDER / CARD_FILE).write_text(model_card(closed, hosted_as), "utf-8")
        lake.publish_model(attempt.id, kept)
    files = _described(lake, attempt.id)
    manifest = json.dumps({"attempt": attempt.id, "files": files}, indent=2, sort_keys=True) + "\n"
    with lake.staging() as folder:
        kept = folder / "kept"
        kept.mkdir()
        (kept / MANIFEST_FILE).write_text(manifest, "utf-8")
        uri = lake.publish_model(attempt.id, kept)
    sizes = [int(str(each["size_bytes"])) for each in files.values()]
    new = NewModel(
        attempt_id=attempt.id,
        kind="model" if closed.job.method == "full" else "adapter",
        files_uri=f"{attempt.trainer}:{hosted_as}" if hosted_as else uri,
        files=files,
        size_bytes=sum(sizes),
        manifest_sha256=hashlib.sha256(manifest.encode()).hexdigest(),
        base_model=_own_model(closed) if hosted_as else None,
    )
    return trainings.catalog.keep_model(new, now)


def _hosted_as(lake: Lake, attempt: Attempt) -> str:
    """How to call a model that its provider has; empty of one whose weights are here."""
    if MODEL_FILE not in lake.model_files(attempt.id):
        return ""
    with lake.fetch_model_file(attempt.id, MODEL_FILE) as path:
        return str(json.loads(path.read_text("utf-8"))["model"])


def _own_model(closed: Closed) -> str | None:
    """What a provider trains under a name of its own."""
    own = BY_NAME[closed.attempt.trainer].own_model
    name = getattr(TrainingJob.model_validate(closed.job.job), own.key) if own else None
    return str(name) if name else None


def _described(lake: Lake, attempt_id: str) -> dict[str, dict[str, object]]:
    """Size and checksum of every file, read back from the lake."""
    found: dict[str, dict[str, object]] = {}
    for name, size_bytes in sorted(lake.model_files(attempt_id).items()):
        if name == MANIFEST_FILE:
            continue
        with lake.fetch_model_file(attempt_id, name) as path:
            found[name] = {"size_bytes": size_bytes, "sha256": sha256_of(path)}
    return found
