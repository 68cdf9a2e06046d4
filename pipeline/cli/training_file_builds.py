"""`lora-pipeline training-files preview`, `build` and `rebuild`: what a file would have, has, and has again."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.conversation_filters import Filters, with_filters
from pipeline.cli.job_options import AsJson
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import print_table
from pipeline.cli.training_files_shown import File_, print_files
from pipeline.wording import count_of, nano_usd, short

if TYPE_CHECKING:
    from pipeline.flow.generation.training_file_building import Preview


@with_filters
def preview(filters: Filters, owner: Owner = None, as_json: AsJson = False) -> None:
    """Show what a file of the accepted conversations that are meant would have. Exit code 1: nothing."""
    from pipeline.flow.generation.training_file_building import preview as look

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        found = look(catalog, user, filters.query(catalog, user))
    if as_json:
        typer.echo(json.dumps(_preview_json(found)))
    elif found.conversations:
        print_fields(list(_preview_fields(found)))
        for what, counts in _shares(found).items():
            print_table((what.replace("_", " "), "conversations"), list(counts.items()), whole=1)
    if not found.conversations:
        complain("expected accepted conversations, found none that are meant: review some, or ask wider")
        raise typer.Exit(NOT_READY)


@with_filters
def build(
    filters: Filters,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The same name again is the next version.")],
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Build a training file of the accepted conversations that are meant, without those that say the same twice."""
    from pipeline.clock import utc_now
    from pipeline.flow.generation.training_file_building import build as put_together

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings) as catalog:
        query = filters.query(catalog, user)
        file, chosen = put_together(catalog, connect_lake(settings), user, name.strip(), query, utc_now())
    if as_json:
        typer.echo(json.dumps(asdict(file) | {"repeated": chosen.repeated}, default=str))
        return
    typer.echo(f"{file.id}: {file.name}, version {file.version}")
    print_files(file)
    told = f"{count_of(file.conversation_count, 'conversation')}, {count_of(file.total_training_pairs, 'answer')}"
    left_out = f"; {len(chosen.repeated):,} left out, for they say what another says" if chosen.repeated else ""
    typer.echo(f"{told}{left_out}", err=True)
    typer.echo(f"make a dataset of it: lora-pipeline training-files send {file.id}", err=True)


def rebuild(
    file: File_,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where. Default: only compare the checksums.")
    ] = None,
    owner: Owner = None,
) -> None:
    """Write a training file anew from what the catalog has of it. Exit code 1: the bytes are others than they were."""
    from pipeline.flow.generation.training_file_building import rebuild as write_anew

    settings = current_settings()
    with open_catalog(settings) as catalog, tempfile.TemporaryDirectory() as aside:
        found = catalog.find_training_file(owner or settings.default_owner, file)
        folder = output or Path(aside)
        folder.mkdir(parents=True, exist_ok=True)
        files = write_anew(catalog, found, folder)
    others = [name for name in files if files[name] != found.files.get(name)]
    for name in others:
        was = found.files.get(name, {}).get("sha256", "none")
        complain(f"{name}: expected the checksum {was}, found {files[name]['sha256']}")
    if others:
        raise typer.Exit(NOT_READY)
    typer.echo(f"{len(files)} files{f' in {output}' if output else ''}, the same bytes as they were built with")


def _shares(found: "Preview") -> dict[str, dict[str, int]]:
    """Conversations of each scaffold."""
    from pipeline.generation.file_content import scaffolding_distribution

    return scaffolding_distribution(found.conversations)


def _quality(found: "Preview") -> dict[str, Any]:
    from pipeline.generation.file_content import quality_summary

    return quality_summary(found.conversations)


def _preview_fields(found: "Preview") -> Iterator[tuple[str, object]]:
    quality = _quality(found)
    score = quality["average_quality_score"]
    yield "conversations", f"{len(found.conversations):,}"
    yield "answers to learn", f"{found.total_training_pairs:,}"
    yield "left out", f"{len(found.repeated):,}, for they say what another says"
    yield "cost of making them", nano_usd(found.cost_nano_usd)
    yield "score", "not judged" if score is None else f"{short(score)}, over {quality['judged_conversations']:,} judged"
    yield "quality", ", ".join(f"{count:,} {tier}" for tier, count in quality["quality_tiers"].items())
    yield "read by a person", f"{quality['human_reviewed_conversations']:,}"


def _preview_json(found: "Preview") -> dict[str, object]:
    return {
        "conversations": len(found.conversations),
        "total_training_pairs": found.total_training_pairs,
        "repeated": found.repeated,
        "cost_nano_usd": found.cost_nano_usd,
        "quality_summary": _quality(found),
        "scaffolding_distribution": _shares(found),
    }
