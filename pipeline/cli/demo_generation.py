"""`lora-pipeline demo --generate`: conversations made by a stand-in for a model, up to a training job and both costs.

All is as with a real one: plan, budget, calls one by one, ledger, stages, training file, upload, verdict, job. Only who
writes is another: it is in this process (`demo_model.py`).
"""

import os
import subprocess
import time
from typing import TYPE_CHECKING

import typer

from pipeline.cli.connections import connect_lake, connect_store, open_catalog
from pipeline.cli.demo_model import JUDGE, PRICES, WRITER, stand_in
from pipeline.cli.jobs_shown import COLUMNS as JOB_COLUMNS
from pipeline.cli.jobs_shown import row as job_row
from pipeline.cli.printed_table import print_table
from pipeline.errors import ServiceError
from pipeline.wording import nano_usd, usd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.settings import Settings
    from pipeline.state.catalog.generation_records import Batch, TrainingFile

_ITEMS, _BUDGET_NANO_USD = 60, 2_000_000_000
_COLUMNS = ("batch", "status", "accepted", "rejected", "failed", "needs review", "calls", "spent", "budget")


def generate_conversations(settings: "Settings") -> None:
    """Make them, build a file, send it to the datasets, and show what came of it.

    Raises:
        ServiceError: a run did not end well.
    """
    from pipeline.installation import environment, generation_command, once_command

    begun_s = time.monotonic()
    prices = settings.data_dir / "demo_llm_prices.toml"
    prices.write_text(PRICES, "utf-8")
    with stand_in() as address:
        chosen = {"LORA_LLM": address, "LORA_LLM_PRICES_FILE": str(prices)}
        variables = environment(settings, os.environ) | chosen
        batch = _planned(settings, address, prices)
        typer.echo(f"Making {_ITEMS} conversations, {nano_usd(_BUDGET_NANO_USD)} at most ...")
        _run(generation_command(), variables)
    file = _built(settings, batch.id)
    _run(once_command(), variables)
    _show(settings, batch.id, file)
    typer.echo(f"{time.monotonic() - begun_s:.0f} s in all")


def _planned(settings: "Settings", address: str, prices: object) -> "Batch":
    from pipeline.clock import utc_now
    from pipeline.flow.generation.installing import making_of
    from pipeline.flow.generation.planning import BatchWish, keep, lay_out, start
    from pipeline.flow.generation.scaffold_sets import import_scaffolds
    from pipeline.generation.wish import PlanWish

    wish = BatchWish(
        PlanWish(items=_ITEMS),
        address,
        WRITER,
        name="conversations of the demo",
        judging_model=JUDGE,
        budget_nano_usd=_BUDGET_NANO_USD,
    )
    settings = settings.model_copy(update={"llm_prices_file": prices})
    owner = settings.default_owner
    with (
        open_catalog(settings, make=True) as catalog,
        making_of(catalog, connect_lake(settings), settings, os.environ) as making,
    ):
        import_scaffolds(catalog, settings.scaffolds_file, utc_now())
        batch = keep(making, owner, lay_out(making, owner, wish), utc_now())
        return start(making, batch.id, owner, None, utc_now())


def _built(settings: "Settings", batch_id: str) -> "TrainingFile":
    from pipeline.clock import utc_now
    from pipeline.flow.generation.training_file_building import build, send_to_datasets
    from pipeline.state.catalog.generation_records import MadeQuery

    lake = connect_lake(settings)
    with open_catalog(settings) as catalog:
        query = MadeQuery(batch_id=batch_id)
        file, _ = build(catalog, lake, settings.default_owner, "made_by_the_demo", query, utc_now())
        send_to_datasets(catalog, lake, connect_store(settings), settings, file, utc_now())
    time.sleep(settings.settle_s)
    return file


def _run(command: "Sequence[str]", variables: "Mapping[str, str]") -> None:
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # our own command
    if done.returncode:
        raise ServiceError(f"the demo's runs failed:\n{done.stderr[-2_000:]}")


def _show(settings: "Settings", batch_id: str, file: "TrainingFile") -> None:
    from pipeline.state.catalog.costs import newest
    from pipeline.state.catalog.statuses import ENDED_ITEMS

    with open_catalog(settings) as catalog:
        batch, money = catalog.get_batch(batch_id), catalog.spending_of(batch_id)
        states = catalog.progress_of(batch_id).by_state
        calls = sum(count for count, _cost in catalog.costs_by_purpose(batch_id).values())
        file = catalog.get_training_file(file.id)
        dataset = catalog.get(file.dataset_id or "")
        jobs = catalog.list_jobs(settings.default_owner, dataset.id).items
        costs = catalog.costs_of([job.id for job in jobs])
        made = catalog.made_of_batch(batch_id)
        shown = next((each for each in made if each.status == "accepted"), None)
        turns = catalog.versions_of(shown.id)[0].content["turns"][:4] if shown else []
    ended = [str(states.get(each, 0)) for each in ENDED_ITEMS]
    spent = (str(calls), nano_usd(money.spent_nano_usd), nano_usd(batch.budget_nano_usd))
    print_table(_COLUMNS, [(batch.name, batch.status, *ended, *spent)])
    for turn in turns:
        typer.echo(f"  {turn['role']}: {turn['content']}")
    columns = ("training file", "version", "conversations", "answers to learn", "dataset", "its status")
    figures = (str(file.version), str(file.conversation_count), str(file.total_training_pairs))
    print_table(columns, [(file.name, *figures, dataset.id, dataset.status)])
    print_table(JOB_COLUMNS, [job_row(job, costs[job.id]) for job in jobs])
    for job in jobs[:1]:
        estimate = newest(costs[job.id], "estimate")
        training = usd(estimate.cost_usd) if estimate and estimate.cost_usd is not None else "not known"
        typer.echo(
            f"Making the data cost {nano_usd(file.cost_nano_usd)}; training on it is expected to cost {training}."
        )
    if dataset.status != "ready" or not jobs:
        raise ServiceError(f"expected a ready dataset with a training job, found {dataset.status}")
