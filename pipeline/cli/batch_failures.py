"""`lora-pipeline generate failures`: what came to nothing, with the answers as they came."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from pipeline.cli.batch_options import Batch_
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.job_options import AsJson
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.state.catalog.statuses import FailureType
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.state.catalog.generation_records import FailedDraw

TYPES: tuple[FailureType, ...] = get_args(FailureType)
_COLUMNS = ("item", "draw", "type", "found", "asked to", "persona", "arc", "topic")


def failures(
    batch: Batch_,
    kind: Annotated[str | None, typer.Option("--type", metavar="TYPE", help=f"One of {', '.join(TYPES)}.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="With each answer as it came.")] = False,
    owner: Owner = None,
    page: Annotated[int, typer.Option(metavar="N", min=1, help="Which page of them.")] = 1,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many on a page.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List draws of a batch that came to nothing, newest first: which item, what went wrong, what was found."""
    settings = current_settings()
    chosen = _type_of(kind)
    with open_catalog(settings) as catalog:
        found = catalog.find_batch(owner or settings.default_owner, batch)
        listed = catalog.failed_draws(found.id, page, limit, chosen)
        counts = catalog.failures_by_type(found.id)
    if as_json:
        for each in listed:
            typer.echo(json.dumps({k: v for k, v in asdict(each).items() if raw or k != "raw_response"}, default=str))
        return
    if raw:
        for each in listed:
            _print_whole(each)
    else:
        print_table(_COLUMNS, [_row(each) for each in listed], whole=3, least=18)
    total = sum(counts.values()) if chosen is None else counts.get(chosen, 0)
    typer.echo(f"{len(listed):,} of {count_of(total, 'draw')} that came to nothing", err=True)


def _row(each: "FailedDraw") -> TableRow:
    what = (each.number, each.draw, each.failure_type, each.detail, each.purpose)
    return (*what, each.persona, each.arc, each.topic)


def _print_whole(each: "FailedDraw") -> None:
    fields = dict(zip(_COLUMNS, _row(each), strict=True)) | {"model": each.model, "stop_reason": each.stop_reason or ""}
    print_fields(list(fields.items()))
    for line in (each.raw_response or "").splitlines() or ["(no answer came)"]:
        typer.echo(f"  {shown(line)}")
    typer.echo()


def _type_of(text: str | None) -> FailureType | None:
    found = next((each for each in TYPES if each == text), None)
    if text is not None and found is None:
        raise UsageError(f"--type: expected one of {', '.join(TYPES)}, found {text!r}")
    return found
