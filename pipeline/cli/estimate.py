"""`lora-pipeline estimate`: what a training takes, before a GPU is rented. The reading of its options is here."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.chosen_files import MappingOption
from pipeline.cli.common import NOT_READY, write_line
from pipeline.cli.connections import current_settings
from pipeline.cli.estimate_file import estimate_file
from pipeline.cli.named_files import Excludes
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.catalogues import BaseModelSpec
    from pipeline.settings import Settings
    from pipeline.trainers.trainer import Trainer

_DIMENSIONS = ("parameters", "layers", "hidden-size", "intermediate-size", "vocabulary")


def estimate(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="A dataset to train on, with --model; several, a folder or a pattern are one; - reads standard input.",
        ),
    ] = None,
    gpu: Annotated[
        str | None,
        typer.Option(metavar="GPU", help="A GPU of the catalogue, as `A100-80GB-SXM`; none where a provider trains."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A base model's name, its hub id, or its config.json; OpenAI's own name."),
    ] = None,
    parameters: Annotated[
        str | None, typer.Option(metavar="N", help="Without --model: all parameters, as 8030000000 or 8.03B.")
    ] = None,
    layers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Without --model.")] = None,
    hidden_size: Annotated[int | None, typer.Option(metavar="N", min=1, help="Without --model.")] = None,
    intermediate_size: Annotated[int | None, typer.Option(metavar="N", min=1, help="Without --model.")] = None,
    vocabulary: Annotated[int | None, typer.Option(metavar="N", min=1, help="Without --model.")] = None,
    gpus: Annotated[int, typer.Option(min=1, metavar="N", help="How many of that GPU.")] = 1,
    method: Annotated[Literal["lora", "qlora", "full"], typer.Option(help="What is trained.")] = "lora",
    rank: Annotated[int, typer.Option(metavar="N", min=1, help="Of the adapters, on all linear layers.")] = 16,
    sequence_length: Annotated[int, typer.Option(metavar="N", min=1, help="Tokens of a row.")] = 2048,
    micro_batch: Annotated[int, typer.Option(metavar="N", min=1, help="Rows at once on each GPU.")] = 1,
    gradient_accumulation: Annotated[
        int, typer.Option(metavar="N", min=1, help="Micro batches of an optimiser step.")
    ] = 16,
    gradient_checkpointing: Annotated[bool, typer.Option(help="Compute activations again to save memory.")] = True,
    loss_kernel: Annotated[
        Literal["full", "chunked"] | None,
        typer.Option(
            help="Whether all logits are held at once; by default as the trainer does, full if none is named."
        ),
    ] = None,
    tokens: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of all training rows: gives hours and cost.")
    ] = None,
    epochs: Annotated[float | None, typer.Option(metavar="N", min=0.0, help="Passes over them; 1 by default.")] = None,
    trainer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="As trl, axolotl, unsloth: whose measurements to prefer; as openai, together: who bills tokens.",
        ),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose price; the lowest of all by default.")
    ] = None,
    spot: Annotated[bool, typer.Option("--spot", help="At the spot price.")] = False,
    preset: Annotated[
        str, typer.Option(metavar="PRESET", help="Of FILE: conservative, balanced or aggressive.")
    ] = "balanced",
    mapping: MappingOption = None,
    exclude: Excludes = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate memory, step time, hours and cost of a training; exit with 1 if it does not fit, and say what would.

    Of a FILE everything that is not given follows from its rows, as `lora-pipeline plan` chooses it. With `--trainer
    openai`, `together` or `fireworks` a provider trains: the cost is that of the file, or of `--tokens`.
    """
    if files:
        estimate_file(ctx, files, exclude, mapping, preset, as_json=as_json)
        return
    from pipeline.catalogues import find_gpu, find_price, load_gpus, load_prices, no_such_price
    from pipeline.cli.estimate_text import refusal, render
    from pipeline.trainers.registry import BY_NAME, CHUNKING, HOSTED
    from pipeline.trainers.workload import Workload
    from pipeline.training.estimates import estimate as estimate_of
    from pipeline.training.estimates.fitting_remedies import remedies
    from pipeline.training.estimates.sharing import TRAINERS

    settings = current_settings()
    if trainer in HOSTED:
        _hosted(BY_NAME[trainer], model, method, tokens, 1.0 if epochs is None else epochs, settings, as_json=as_json)
        return
    if trainer is not None and trainer not in TRAINERS:
        raise UsageError(f"--trainer: expected one of {', '.join(sorted(TRAINERS | HOSTED))}, found {trainer!r}")
    if gpu is None:
        raise UsageError("--gpu: expected a GPU, found none; `lora-pipeline gpus` lists them")
    dimensions = dict(zip(_DIMENSIONS, (parameters, layers, hidden_size, intermediate_size, vocabulary), strict=True))
    workload = Workload(
        model=_model(model, dimensions, settings),
        gpu=find_gpu(gpu, settings.gpus_file),
        method=method,
        sequence_length=sequence_length,
        micro_batch=micro_batch,
        gradient_accumulation=gradient_accumulation,
        gpu_count=gpus,
        rank=0 if method == "full" else rank,
        has_gradient_checkpointing=gradient_checkpointing,
        loss_kernel=loss_kernel or ("chunked" if trainer in CHUNKING else "full"),
        trainer=trainer,
    )
    prices = load_prices(settings.prices_file)
    price = find_price(prices, workload.gpu, "spot" if spot else "on-demand", provider)
    if price is None and (provider or spot):
        raise UsageError(no_such_price(prices, workload.gpu))
    found = estimate_of(workload, tokens=tokens, epochs=epochs, price=price, today=datetime.now(UTC).date())
    if as_json:
        write_line(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        typer.echo(render(workload, found))
    if found.fits == "no":
        helping = remedies(workload, load_gpus(settings.gpus_file))
        typer.echo(refusal(workload, found, helping), err=True)
        raise typer.Exit(NOT_READY)


def _hosted(
    trainer: "Trainer",
    model: str | None,
    method: str,
    tokens: int | None,
    epochs: float,
    settings: "Settings",
    *,
    as_json: bool,
) -> None:
    """Print what a provider takes for so many tokens of training rows; it has a name of its own for OpenAI's models."""
    from pipeline.catalogues import find_model, find_token_price, load_token_prices
    from pipeline.cli.estimate_text import render_hosted
    from pipeline.trainers.job import DEFAULT_OPENAI_MODEL
    from pipeline.training.hosted_estimate import priced, tokens_of_passes

    if tokens is None:
        raise UsageError(f"--tokens: expected those of all training rows, which {trainer.title} bills, found none")
    if trainer.name == "openai":
        name, parameters = model or DEFAULT_OPENAI_MODEL, None
    elif model is None:
        raise UsageError("--model: expected a base model, found none; for example --model Qwen3-8B")
    else:
        known = find_model(model, settings.models_file)
        name, parameters = known.hub_id, known.parameters
    prices = load_token_prices(settings.token_prices_file)
    price = find_token_price(prices, trainer.name, name, parameters, method, "sft")
    billed, told = tokens_of_passes(trainer, tokens, epochs)
    found = priced(trainer, name, billed, told, price, datetime.now(UTC).date())
    if as_json:
        write_line(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        typer.echo(render_hosted(name, found))


def _model(model: str | None, dimensions: dict[str, str | int | None], settings: "Settings") -> "BaseModelSpec":
    from pipeline.catalogues import find_model, model_from_dimensions

    given = {name: value for name, value in dimensions.items() if value is not None}
    if model is not None:
        if given:
            raise UsageError(f"expected --model or dimensions, found --model and --{', --'.join(given)}")
        return find_model(model, settings.models_file)
    if lacking := [name for name in _DIMENSIONS if name not in given]:
        if not given:
            raise UsageError(f"expected --model, or all of --{', --'.join(_DIMENSIONS)}")
        raise UsageError(f"without --model all dimensions are needed; missing: --{', --'.join(lacking)}")
    layers, hidden_size, intermediate_size, vocabulary = (int(given[name]) for name in _DIMENSIONS[1:])
    return model_from_dimensions(_count(str(given["parameters"])), layers, hidden_size, intermediate_size, vocabulary)


def _count(text: str) -> int:
    units = {"K": 1e3, "M": 1e6, "B": 1e9}
    unit = units.get(text[-1:].upper(), 1.0)
    try:
        count = float(text[:-1] if unit != 1 else text) * unit
    except ValueError:
        count = 0.0
    if not 1 <= count <= 1e15:
        raise UsageError(f"--parameters: expected a count as 8030000000 or 8.03B, found {text!r}")
    return round(count)
