"""`lora-pipeline scaffolds`: what conversations are made from; list, show and check it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY, Group
from pipeline.cli.connections import current_settings
from pipeline.cli.job_options import AsJson
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.printed_json import json_text
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError
from pipeline.wording import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.generation.model import Scaffold
    from pipeline.settings import Settings
    from pipeline.state.catalog.statuses import ScaffoldKind

scaffolds = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="List, show and check what conversations are made from: personas, emotional arcs, topics, prompt templates.",
)
_KINDS = "persona, emotional_arc, training_topic or prompt_template"


@dataclass(frozen=True, slots=True)
class _Found:
    """A scaffold and where it is from: packaged, or the user's file."""

    kind: "ScaffoldKind"
    scaffold: "Scaffold"
    origin: str


@scaffolds.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(metavar="KIND", help=f"Only {_KINDS}.")] = None,
    as_json: AsJson = False,
) -> None:
    """List scaffolds: those that are packaged, and those of your file, which replace others of their key."""
    chosen = _kind(kind) if kind else None
    found = [each for each in _all(current_settings()) if chosen in (None, each.kind)]
    if as_json:
        for each in found:
            typer.echo(json_text(_short(each)))
    else:
        print_table(("kind", "key", "name", "tier", "active", "from"), [tuple(_cells(each)) for each in found])
        typer.echo(count_of(len(found), "scaffold"), err=True)


@scaffolds.command()
def show(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{_KINDS[0].upper()}{_KINDS[1:]}.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `scaffolds list` has it.")],
    as_json: AsJson = False,
) -> None:
    """Show all that a scaffold says."""
    from pipeline.catalogues.nearest import did_you_mean

    chosen = _kind(kind)
    by_key = {each.scaffold.key: each for each in _all(current_settings()) if each.kind == chosen}
    if key not in by_key:
        raise UsageError(f"KEY: expected the key of a {chosen}, found {key!r}{did_you_mean(key, by_key)}")
    fields = by_key[key].scaffold.model_dump()
    if as_json:
        typer.echo(json_text({"kind": chosen, **fields, "origin": by_key[key].origin}))
        return
    print_fields(
        [line for name, value in {"from": by_key[key].origin, **fields}.items() for line in _lines(name, value)]
    )


@scaffolds.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A TOML file of yours, before it is set; else the one set.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check whether scaffolds fit one another: keys, tiers, turns, feelings, placeholders. Exit code 1: some do not."""
    from pipeline.generation.scaffold_checks import check_scaffolds
    from pipeline.generation.scaffold_files import load_scaffolds

    if file is not None and not file.is_file():
        raise UsageError(f"FILE: expected a TOML file that exists, found none at {file}")
    findings = check_scaffolds(load_scaffolds(file or current_settings().scaffolds_file))
    if as_json:
        for finding in findings:
            typer.echo(json_text(asdict(finding)))
    elif findings:
        columns = ("kind", "key", "field", "expected", "found")
        print_table(columns, [tuple(getattr(finding, name) for name in columns) for finding in findings])
    typer.echo(f"{count_of(len(findings), 'finding')}" if findings else "all scaffolds fit one another", err=True)
    if findings:
        raise typer.Exit(NOT_READY)


def _all(settings: "Settings") -> "Iterator[_Found]":
    """By kind, in the order of their files."""
    from pipeline.generation.scaffold_files import KINDS, packaged_scaffolds, read_scaffolds

    packaged, mine = packaged_scaffolds(), read_scaffolds(settings.scaffolds_file)
    for kind in KINDS:
        for key, scaffold in {**packaged[kind], **mine[kind]}.items():
            yield _Found(kind, scaffold, "your file" if key in mine[kind] else "packaged")


def _kind(text: str) -> "ScaffoldKind":
    from pipeline.catalogues.nearest import did_you_mean
    from pipeline.generation.scaffold_files import KINDS

    for kind in KINDS:
        if kind == text:
            return kind
    raise UsageError(f"KIND: expected {_KINDS}, found {text!r}{did_you_mean(text, KINDS)}")


def _short(found: _Found) -> dict[str, object]:
    tier = getattr(found.scaffold, "tier", None)
    named = found.scaffold.model_dump(include={"key", "name", "is_active"})
    return {"kind": found.kind, **named, "tier": tier, "origin": found.origin}


def _cells(found: _Found) -> "Iterator[str]":
    yield from (found.kind, found.scaffold.key, found.scaffold.name, getattr(found.scaffold, "tier", ""))
    yield from ("yes" if found.scaffold.is_active else "no", found.origin)


def _lines(name: str, value: object) -> "Iterator[tuple[str, str]]":
    """A field as lines for a person, its name on the first: a text's own lines, a list's items, a feeling in one."""
    if isinstance(value, tuple):
        texts = list(map(str, value))
    elif isinstance(value, dict):
        texts = [", ".join(f"{part} {each}" for part, each in value.items())]
    else:
        texts = ("yes" if value is True else "no" if value is False else str(value)).strip().splitlines()
    yield from zip([name, *[""] * len(texts)], texts or [""], strict=False)
