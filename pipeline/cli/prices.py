"""`lora-pipeline prices`: list and import what GPUs cost; `base-models`, `gpus`: what estimates know."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import current_settings
from pipeline.cli.printed_table import print_table

prices = typer.Typer(cls=Group, no_args_is_help=True, help="List and import prices of GPUs.")


@prices.command("list")
def list_(
    gpu: Annotated[str | None, typer.Option(metavar="GPU", help="Of this GPU only.")] = None,
) -> None:
    """List what GPUs cost for an hour, cheapest first; prices older than 90 days are marked."""
    from pipeline.catalogues import find_gpu, is_stale, load_prices

    settings = current_settings()
    only = find_gpu(gpu, settings.gpus_file).name if gpu else None
    today = datetime.now(UTC).date()
    rows = [
        (
            price.name,
            price.provider,
            price.kind,
            f"{price.per_gpu_hour:.2f} {price.currency}",
            f"{price.as_of}{' (old)' if is_stale(price, today) else ''}",
            price.source,
        )
        for price in sorted(load_prices(settings.prices_file), key=lambda each: (each.name, each.per_gpu_hour))
        if only in (None, price.name)
    ]
    print_table(("gpu", "provider", "kind", "an hour", "as of", "source"), rows)


@prices.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV: gpu, provider, kind, per_gpu_hour, currency, as_of, source.")],
) -> None:
    """Import a CSV of prices, all rows or none; a GPU that your file prices is priced by your file alone."""
    from pipeline.catalogues.price_import import import_prices

    settings = current_settings()
    imported = import_prices(file, settings.prices_file, datetime.now(UTC).date(), settings.gpus_file)
    typer.echo(f"{len(imported)} prices imported into {settings.prices_file}")


def base_models() -> None:
    """List the base models that estimates and jobs know."""
    from pipeline.catalogues import load_models

    rows = [
        (model.name, f"{model.parameters / 1e9:.2f}B", model.context_length, model.licence, model.hub_id)
        for model in sorted(load_models(current_settings().models_file).values(), key=lambda each: each.name.lower())
    ]
    print_table(("model", "parameters", "context", "licence", "hub id"), rows)


def gpus() -> None:
    """List the GPUs that estimates and jobs know."""
    from pipeline.catalogues import load_gpus

    rows = [
        (gpu.name, gpu.memory_gb, gpu.peak_tflops, gpu.bandwidth_gb_per_s, "yes" if gpu.has_bf16 else "no")
        for gpu in sorted(load_gpus(current_settings().gpus_file).values(), key=lambda each: each.name)
    ]
    print_table(("gpu", "memory GB", "TFLOP/s", "GB/s", "BF16"), rows)
