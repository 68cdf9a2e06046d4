"""`lora-pipeline jobs compare`."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.job_options import (
    AsJson,
    Gpus,
    Method_,
    Provider,
    Settings_,
    Spot,
    Targets,
    cell,
    in_options,
    read_setup,
)
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.errors import DatasetNotFound, UsageError
from pipeline.safe_text import shown
from pipeline.wording import times

if TYPE_CHECKING:
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.catalog.dataset_records import Dataset
    from pipeline.state.catalog.job_records import Job
    from pipeline.training.comparing import Option
    from pipeline.training.considering import NotPossible

_COLUMNS = ("best", "gpu", "method", "preset", "cost_usd", "low", "high", "hours", "peak_gb", "fits", "passes", "steps")
_PRESETS = "conservative,balanced,aggressive"


def compare(
    dataset: Annotated[str, typer.Argument(metavar="DATASET|JOB", help="Ids, beginnings of them, or names.")],
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The base model. Default: the job's.")
    ] = None,
    gpu: Annotated[str | None, typer.Option(metavar="GPUS", help="With commas. Default: all of the catalogue.")] = None,
    gpus: Gpus = 1,
    method: Method_ = None,
    preset: Annotated[str, typer.Option(metavar="PRESETS", help="With commas.")] = _PRESETS,
    target: Targets = "trl",
    set_: Settings_ = None,
    provider: Provider = None,
    spot: Spot = False,
    by: Annotated[str, typer.Option(metavar="ORDER", help="cost or time.")] = "cost",
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many options to show.")] = 20,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Rank GPUs, methods and presets by cost or time, and say what does not fit, and why.

    A * marks the best of a preset: nothing there is both cheaper and quicker.
    """
    from pipeline.catalogues.reading import load_gpus
    from pipeline.clock import utc_now
    from pipeline.flow.job_making import prepare
    from pipeline.flow.own_measurements import with_own_runs
    from pipeline.training import comparing
    from pipeline.training.considering import Catalogues

    if by not in {"cost", "time"}:
        raise UsageError(f"--by: expected cost or time, found {by!r}")
    settings = current_settings()
    with open_catalog(settings) as catalog:
        found, job = _find(catalog, owner or settings.default_owner, dataset)
        catalogues = with_own_runs(Catalogues.of_settings(settings, utc_now().date()), catalog, found.user_id)
    model = model or (job.base_model if job else None)
    if model is None:
        raise UsageError("--model: expected a base model, found none; for example --model Qwen3-8B")
    names = _listed(gpu) if gpu else list(load_gpus(settings.gpus_file))
    presets = _listed(preset)
    setup = read_setup(model, presets[0], names[0], gpus, method, target, set_, provider, spot)
    facts = prepare(connect_lake(settings), found).facts
    result = comparing.compare(facts, setup, names, presets, catalogues, "cost" if by == "cost" else "time")
    if as_json:
        for option in result.options:
            typer.echo(json.dumps(_as_dict(option)))
        for each in result.not_possible:
            typer.echo(json.dumps({"gpu": each.setup.gpu, "method": each.setup.method, **each.as_dict()}))
    else:
        print_table(_COLUMNS, [_row(option) for option in result.options[:limit]])
        _tell_rest(len(result.options) - limit, result.not_possible)
    if not result.options:
        raise typer.Exit(NOT_READY)


def _find(catalog: "Catalog", user: str, name_or_id: str) -> "tuple[Dataset, Job | None]":
    try:
        return catalog.find(user, name_or_id), None
    except DatasetNotFound:
        job = catalog.find_job(user, name_or_id)
        return catalog.get(job.dataset_id, user), job


def _listed(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"expected names with commas between them, found {text!r}")
    return names


def _row(option: "Option") -> TableRow:
    setup, estimate = option.considered.setup, option.considered.estimate
    cost, hours = estimate.cost_usd, estimate.hours
    return (
        "*" if option.is_best else "",
        "" if option.considered.is_hosted else times(setup.gpu_count, setup.gpu),
        option.considered.job.method,
        setup.preset,
        cell(cost.expected if cost else None),
        cell(cost.low if cost else None),
        cell(cost.high if cost else None),
        cell(hours.expected if hours else None),
        cell(estimate.peak_memory_gb.expected if estimate.peak_memory_gb else None),
        estimate.fits or "",
        option.passes,
        option.considered.job.optimisation.steps,
    )


def _as_dict(option: "Option") -> dict[str, object]:
    setup, job = option.considered.setup, option.considered.job
    is_hosted = option.considered.is_hosted
    return {
        "gpu": None if is_hosted else setup.gpu,
        "gpu_count": None if is_hosted else setup.gpu_count,
        "method": job.method,
        "preset": setup.preset,
        "is_best_of_preset": option.is_best,
        "passes": option.passes,
        "steps": job.optimisation.steps,
        "estimate": option.considered.estimate.as_dict(),
        "warnings": list(job.warnings),
    }


def _tell_rest(hidden: int, not_possible: "tuple[NotPossible, ...]") -> None:
    if hidden > 0:
        typer.echo(f"… and {hidden} more; --limit shows them", err=True)
    if not not_possible:
        return
    # Presets differ by little in memory: one reason for each GPU and method says enough.
    reasons = {(each.setup.gpu, each.setup.method): each.explained(in_options) for each in not_possible}
    typer.echo("not possible:")
    for (gpu, method), reason in reasons.items():
        typer.echo(f"  {gpu}, {method}: {shown(reason)}")
