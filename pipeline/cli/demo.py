"""`lora-pipeline demo`: the samples through the real sensor, the real runs and a real local instance."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.connections import connect_store, current_settings, open_catalog
from pipeline.cli.datasets import COLUMNS, row
from pipeline.cli.extras import need_installation
from pipeline.cli.jobs_shown import COLUMNS as JOB_COLUMNS
from pipeline.cli.jobs_shown import row as job_row
from pipeline.cli.printed_table import print_table
from pipeline.errors import ServiceError

if TYPE_CHECKING:
    from pipeline.settings import Settings

_NEXT = """
What to try next:
  {program} findings broken_lines
  {program} query "SELECT name, status, conversation_count, total_tokens FROM datasets"
  {program} query "SELECT role, count(*) AS turns, round(avg(word_count), 1) AS words FROM turns GROUP BY role"
  {program} jobs compare everyday_talk --model Qwen3-8B
  {program} query "SELECT storage_path, job_id, cost_usd FROM training_lineage"
  {program} check YOUR_FILE.jsonl
  {program} dev
      opens the pages and Dagster's UI, sensors running: drop files into {uploads}
"""


def demo(
    training: Annotated[
        bool, typer.Option("--training", help="Then train a tiny random model on a sample's job, on this machine.")
    ] = False,
    generate: Annotated[
        bool,
        typer.Option(
            "--generate", help="Instead, have conversations made by a stand-in for a model, up to a training job."
        ),
    ] = False,
) -> None:
    """Drop the samples into the store, let the pipeline validate them, and show verdicts and what training costs."""
    from pipeline.installation import environment, once_command, prepare

    need_installation()
    settings = current_settings()
    prepare(settings)
    if generate:
        from pipeline.cli.demo_generation import generate_conversations

        generate_conversations(settings)
        return
    _drop_samples(settings)
    time.sleep(settings.settle_s)
    command = once_command()
    done = subprocess.run(  # our own command
        command, env=environment(settings, os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServiceError(f"the demo's runs failed:\n{done.stderr[-2_000:]}")
    with open_catalog(settings) as catalog:
        found = catalog.list_datasets(settings.default_owner, limit=100)
        jobs = catalog.list_jobs(settings.default_owner, limit=100).items
        costs = catalog.costs_of([job.id for job in jobs])
    print_table(COLUMNS, [row(dataset) for dataset in found.items])
    print_table(JOB_COLUMNS, [job_row(job, costs[job.id]) for job in jobs])
    if training:
        from pipeline.cli.demo_training import train_sample

        train_sample(settings)
        return
    uploads = f"{settings.store}/uploads/{settings.default_owner}/"
    uploads = os.path.relpath(uploads) if uploads.startswith("/") else uploads
    typer.echo(_NEXT.format(program=program_from_here(), uploads=uploads), nl=False)


def program_from_here() -> str:
    """Return what a shell finds our program by: after `make demo` a path, for .venv/bin is not on PATH."""
    name = "lora-pipeline"
    script = Path(sys.executable).with_name(name)
    if shutil.which(name) or not script.exists():
        return name
    return os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script)


def _drop_samples(settings: "Settings") -> None:
    from pipeline.packaged_files import project_file
    from pipeline.state.store import safe_key

    store = connect_store(settings)
    for sample in sorted(project_file("data/samples").glob("*.jsonl")):
        with sample.open("rb") as source:
            store.put(safe_key(settings.default_owner, sample.name), source, sample.stat().st_size)
