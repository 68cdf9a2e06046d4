"""`lora-pipeline demo --training`: a sample's job trained for real on this machine's CPU, with a tiny random model.

All is as with a real one: attempt, runner, journal, the runs that start and close it. Only the base model is another,
which lies where copies of base models do, in a folder of the demo's own.
"""

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.cli.connections import connect_lake, open_catalog
from pipeline.cli.job_create import make_job
from pipeline.cli.job_options import cell, read_setup
from pipeline.cli.printed_table import print_table
from pipeline.errors import ServiceError, SettingsError
from pipeline.wording import span, usd

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.state.catalog.attempt_records import Attempt
    from pipeline.state.catalog.job_records import Job

_SAMPLE = "everyday_talk"
_COLUMNS = ("attempt", "state", "steps", "training loss", "validation loss", "of base model", "took", "expected")


def train_sample(settings: "Settings") -> None:
    """Train it, and show what came of it.

    Raises:
        SettingsError: the trainers are not set up.
        ServiceError: it did not end well.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.trainings import Wish, ask

    if not settings.trainer_python.is_file():
        raise SettingsError(
            f"expected a Python with the trainers at {settings.trainer_python}, found none: `make trainers` sets it up"
        )
    begun_s = time.monotonic()
    with open_catalog(settings) as catalog:
        setup = read_setup("Qwen3-8B", "balanced", "A100-80GB-SXM", 1, None, "trl", ["epochs=1"], None, False)
        job = make_job(settings, catalog, catalog.find(settings.default_owner, _SAMPLE), setup)
        base_models = _tiny_model(settings, job)
        attempt = ask(catalog, settings, settings.default_owner, Wish(job.id), utc_now())
    typer.echo(f"\nTraining {job.name} with a tiny random model in place of {job.base_model} ...")
    _run(settings, base_models)
    with open_catalog(settings) as catalog:
        attempt = catalog.get_attempt(attempt.id)
        _show(settings, attempt)
    typer.echo(f"{time.monotonic() - begun_s:.0f} s in all")
    if attempt.state != "completed":
        raise ServiceError(f"the training {attempt.state}: {attempt.state_reason}\n{attempt.log_tail or ''}")


def _tiny_model(settings: "Settings", job: "Job") -> Path:
    """A folder of base models with one in it, under the name of the job's."""
    from pipeline import launchers
    from pipeline.trainers.job import TrainingJob

    folder = settings.data_dir / "demo_base_models"
    place = folder / TrainingJob.model_validate(job.job).hub_id
    if place.is_dir():
        return folder
    place.parent.mkdir(parents=True, exist_ok=True)
    with connect_lake(settings).fetch_job_file(job.id, "trl/train.jsonl") as rows:
        command = [
            str(settings.trainer_python),
            str(Path(launchers.__file__).with_name("tiny_model.py.txt")),
            str(place),
            str(rows),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # our own program
    if done.returncode:
        raise ServiceError(f"the tiny model could not be made:\n{done.stderr[-2_000:]}")
    return folder


def _run(settings: "Settings", base_models: Path) -> None:
    from pipeline.installation import environment, trainings_command

    variables = environment(settings, os.environ) | {"LORA_BASE_MODELS": str(base_models)}
    done = subprocess.run(trainings_command(), env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"the demo's runs failed:\n{done.stderr[-2_000:]}")


def _show(settings: "Settings", attempt: "Attempt") -> None:
    from pipeline.state.catalog.costs import newest

    with open_catalog(settings) as catalog:
        series = {each.name: each for each in catalog.series_of([attempt.id])[attempt.id]}
        losses = {
            each.moment: each.value
            for each in catalog.evaluations_of([attempt.id])[attempt.id]
            if each.name == "eval_loss"
        }
        costs = catalog.costs_of([attempt.job_id])[attempt.job_id]
        models = catalog.list_models(attempt.user_id, attempt.job_id).items
    estimate, actual = newest(costs, "estimate"), newest(costs, "actual")
    took = span(actual.hours) if actual and actual.hours is not None else ""
    expected = span(estimate.hours) if estimate and estimate.hours is not None else ""
    paid = usd(actual.cost_usd) if actual and actual.cost_usd is not None else "not known"
    loss = series["loss"].last_value if "loss" in series else None
    print_table(
        _COLUMNS,
        [
            (
                attempt.id,
                attempt.state,
                f"{attempt.step or 0} of {attempt.total_steps or 0}",
                cell(loss),
                cell(losses.get("after")),
                cell(losses.get("before")),
                f"{took}, {paid}",
                f"{expected} on {attempt.gpu}",
            )
        ],
    )
    for model in models[:1]:
        rows = [(name, str(each["size_bytes"]), str(each["sha256"])) for name, each in model.files.items()]
        print_table(("file", "size_bytes", "sha256"), rows)
        typer.echo(f"The {model.kind} is in {model.files_uri}")
