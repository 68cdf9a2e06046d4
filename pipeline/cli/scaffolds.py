"""`lora-pipeline scaffolds`: what conversations are made from; list, show and check it.

What changes them is in `scaffold_edits.py`, where they come from in `scaffold_source.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY, Group
from pipeline.cli.connections import current_settings
from pipeline.cli.job_options import AsJson
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.owner import Owner
from pipeline.cli.printed_json import json_text
from pipeline.cli.printed_table import print_table
from pipeline.cli.scaffold_edits import Key_, Kind_, add, file_over, print_findings, switch
from pipeline.cli.scaffold_source import (
    KIND_NAMES,
    Found,
    all_scaffolds,
    kind_named,
    one_scaffold,
    scaffolds_to_draw,
)
from pipeline.errors import UsageError
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.generation.scaffold_checks import ScaffoldFinding

scaffolds = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="List, show, check and edit what conversations are made from: personas, emotional arcs, training topics, "
    "prompt templates.",
)


_COLUMNS = ("active", "from", "version", "tier", "name")


@scaffolds.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(metavar="KIND", help=f"Only {KIND_NAMES}.")] = None,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """List scaffolds: those that are packaged, those of your file, and an owner's own, each before the ones named."""
    chosen = kind_named(kind) if kind else None
    settings = current_settings()
    found = [each for each in all_scaffolds(settings, owner or settings.default_owner) if chosen in (None, each.kind)]
    if as_json:
        for each in found:
            typer.echo(json_text(_short(each)))
    else:
        for each_kind, of_kind in groupby(found, lambda each: each.kind):
            print_table((each_kind, *_COLUMNS), [tuple(_cells(each)) for each in of_kind], whole=1)
        typer.echo(count_of(len(found), "scaffold"), err=True)


@scaffolds.command()
def show(
    kind: Kind_,
    key: Key_,
    version: Annotated[int | None, typer.Option(metavar="N", help="As it was. Default: the newest.")] = None,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Show all that a scaffold says."""
    settings = current_settings()
    found = _in_version(one_scaffold(settings, owner or settings.default_owner, kind_named(kind), key), version)
    fields = found.scaffold.model_dump()
    if as_json:
        typer.echo(json_text({"kind": found.kind, **fields, "version": found.version, "origin": found.origin}))
        return
    told = {"from": found.origin} | ({"version": _version(found)} if found.version else {})
    print_fields([line for name, value in {**told, **fields}.items() for line in _lines(name, value)])


@scaffolds.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A TOML file, before it is set or added; else what there is."),
    ] = None,
    owner: Owner = None,
    as_json: AsJson = False,
) -> None:
    """Check whether scaffolds fit one another: keys, tiers, turns, feelings, placeholders. Exit code 1: some do not."""
    from pipeline.generation.scaffold_checks import check_scaffolds

    settings = current_settings()
    given = scaffolds_to_draw(settings, owner or settings.default_owner)
    findings = check_scaffolds(given if file is None else file_over(file, given).scaffolds)
    _tell(findings, as_json=as_json)
    if findings:
        raise typer.Exit(NOT_READY)


for command in (add, switch):
    scaffolds.command()(command)


def _tell(findings: "Sequence[ScaffoldFinding]", *, as_json: bool) -> None:
    if as_json:
        for finding in findings:
            typer.echo(json_text(asdict(finding)))
    elif findings:
        print_findings(findings)
    typer.echo(f"{count_of(len(findings), 'finding')}" if findings else "all scaffolds fit one another", err=True)


def _in_version(found: Found, version: int | None) -> Found:
    if version in (None, found.version):
        return found
    if version not in found.versions:
        known = ", ".join(map(str, found.versions)) or "none: only a catalog keeps them"
        raise UsageError(f"--version: expected one of those that there are ({known}), found {version}")
    return replace(found, scaffold=found.versions[version], version=version)


def _version(found: Found) -> str:
    return f"{found.version} of {max(found.versions)}"


def _short(found: Found) -> dict[str, object]:
    tier = getattr(found.scaffold, "tier", None)
    named = found.scaffold.model_dump(include={"key", "name", "is_active"})
    return {"kind": found.kind, **named, "tier": tier, "version": found.version, "origin": found.origin}


def _cells(found: Found) -> Iterator[object]:
    yield from (found.scaffold.key, "yes" if found.scaffold.is_active else "no", found.origin, found.version or "")
    yield from (getattr(found.scaffold, "tier", ""), found.scaffold.name)


def _lines(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A field as lines for a person, its name on the first: a text's own lines, a list's items, a feeling in one."""
    if isinstance(value, tuple):
        texts = list(map(str, value))
    elif isinstance(value, dict):
        texts = [", ".join(f"{part} {each}" for part, each in value.items())]
    else:
        texts = ("yes" if value is True else "no" if value is False else str(value)).strip().splitlines()
    yield from zip([name, *[""] * len(texts)], texts or [""], strict=False)
