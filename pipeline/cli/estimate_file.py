"""`lora-pipeline estimate FILE`: what a training on a file of one's own takes, planned as a job of it would be."""

import json
from collections.abc import Sequence

import typer

from pipeline.cli.chosen_files import chosen_format
from pipeline.cli.common import write_line
from pipeline.cli.connections import current_settings
from pipeline.cli.job_options import read_setup
from pipeline.cli.named_files import named_files
from pipeline.cli.own_file import (
    checked_catalogues,
    considered_or_leave,
    estimate_text,
    figures_text,
    lent_own_file,
)
from pipeline.cli.typer_internals import typed_options
from pipeline.errors import UsageError
from pipeline.safe_text import shown

_OF_NO_FILE = (
    "parameters",
    "layers",
    "hidden_size",
    "intermediate_size",
    "vocabulary",
    "tokens",
    "gradient_accumulation",
)
# What is set by hand in a job, by the option that says it.
_SET_BY = {
    "rank": "rank",
    "sequence_length": "max_length",
    "micro_batch": "micro_batch",
    "gradient_checkpointing": "has_gradient_checkpointing",
    "loss_kernel": "loss_kernel",
    "epochs": "epochs",
}


def estimate_file(
    ctx: typer.Context,
    files: Sequence[str],
    excludes: Sequence[str] | None,
    mapping: str | None,
    preset: str,
    *,
    as_json: bool,
) -> None:
    """Estimate the training of a file; what was typed of the other options is set, the rest is chosen.

    Raises:
        UsageError: an option says what the file says, no model is named, or the file cannot be trained on.
    """
    given = ctx.params
    if wrong := typed_options(ctx, _OF_NO_FILE):
        raise UsageError(f"{wrong[0]}: expected it without FILE, whose rows tell it; leave out one of them")
    if given["model"] is None:
        raise UsageError("--model: expected a base model, found none; for example --model Qwen3-8B")
    setup = read_setup(
        given["model"],
        preset,
        given["gpu"] or "A100-80GB-SXM",
        given["gpus"],
        given["method"] if typed_options(ctx, ["method"]) else None,
        given["trainer"] or "trl",
        _settings(ctx),
        given["provider"],
        given["spot"],
    )
    settings = current_settings()
    catalogues = checked_catalogues(settings, setup)
    meant, chosen = named_files(files, excludes), chosen_format(None, mapping)
    with lent_own_file(meant, settings.default_owner, chosen, settings) as (own, _):
        considered = considered_or_leave(own, setup, catalogues)
    if as_json:
        write_line(json.dumps(considered.estimate.as_dict(), ensure_ascii=False))
    else:
        typer.echo(f"{shown(figures_text(own))}\n{estimate_text(considered, catalogues)}")
    for warning in considered.job.warnings:
        typer.echo(f"warning: {shown(warning)}", err=True)


def _settings(ctx: typer.Context) -> list[str]:
    """What was typed, as `--set` takes it."""
    return [f"{key}={_text(ctx.params[option])}" for option, key in _SET_BY.items() if typed_options(ctx, [option])]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
