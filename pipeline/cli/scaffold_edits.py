"""`lora-pipeline scaffolds add` and `switch`: an owner's own scaffolds, as new versions over the installation's.

Nothing is kept that would not fit: what a change adds to the findings is told instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.connections import current_settings, open_catalog
from pipeline.cli.owner import Owner
from pipeline.cli.printed_table import print_table
from pipeline.cli.scaffold_source import KIND_NAMES, bring_up_to_date, kind_named
from pipeline.errors import UsageError
from pipeline.wording import count_of, plural_of

if TYPE_CHECKING:
    from pipeline.generation.model import Scaffold, Scaffolds
    from pipeline.generation.scaffold_checks import ScaffoldFinding

Kind_ = Annotated[str, typer.Argument(metavar="KIND", help=f"{KIND_NAMES[0].upper()}{KIND_NAMES[1:]}.")]
Key_ = Annotated[str, typer.Argument(metavar="KEY", help="As `scaffolds list` has it.")]
_COLUMNS = ("kind", "key", "field", "expected", "found")


@dataclass(frozen=True, slots=True)
class Laid:
    """Scaffolds of a file, and what there is with them over it."""

    of_file: "Sequence[Scaffold]"
    scaffolds: "Scaffolds"


def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file, in the form of the packaged ones.")],
    owner: Owner = None,
) -> None:
    """Add the scaffolds of a file as an owner's own, or edit them: each that says something new is a new version.

    They replace the installation's of the same key, for this owner. Exit code 1: they do not fit, and none is added.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.generation.scaffold_sets import put, scaffolds_for

    settings = current_settings()
    user = owner or settings.default_owner
    with open_catalog(settings, make=True) as catalog:
        bring_up_to_date(catalog, settings)
        before = scaffolds_for(catalog, user)[0]
        laid = file_over(file, before)
        if not laid.of_file:
            raise UsageError(f"FILE: expected scaffolds, found none in {file}")
        _refuse_new_findings(before, laid.scaffolds)
        changed = put(catalog, laid.of_file, user, user, utc_now())
    same = len(laid.of_file) - changed
    told = f", {count_of(same, 'scaffold')} {plural_of('is', same, 'are')} as before" if same else ""
    typer.echo(f"{count_of(changed, 'new version')} of {user}{told}")


def switch(
    kind: Kind_,
    key: Key_,
    is_on: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether new plans draw it.", show_default=False)
    ] = None,
    owner: Owner = None,
) -> None:
    """Switch a scaffold on or off for an owner's new plans; those that are kept stay as they are.

    Exit code 1: the others would not fit without it.
    """
    from pipeline.clock import utc_now
    from pipeline.flow.generation.scaffold_sets import edit_scaffold, scaffolds_for
    from pipeline.generation.scaffold_files import by_kind, with_others

    if is_on is None:
        raise UsageError("expected --on or --off, found neither")
    settings = current_settings()
    user, chosen = owner or settings.default_owner, kind_named(kind)
    with open_catalog(settings, make=True) as catalog:
        bring_up_to_date(catalog, settings)
        before = scaffolds_for(catalog, user)[0]
        if (meant := by_kind(before)[chosen].get(key)) is not None:
            switched = meant.model_copy(update={"is_active": is_on})
            _refuse_new_findings(before, with_others(before, {chosen: {key: switched}}))
        row, is_new = edit_scaffold(catalog, user, chosen, key, None, utc_now(), is_active=is_on)
    state = "on" if is_on else "off"
    typer.echo(f"{chosen} {key}: {state}, version {row.version}" if is_new else f"{chosen} {key} is {state} already")


def file_over(file: Path, given: "Scaffolds") -> Laid:
    """What a file would make of what there is.

    Raises:
        UsageError: there is no such file, or it cannot be used; names each fault.
    """
    from pipeline.generation.scaffold_files import read_scaffolds, with_others

    if not file.is_file():
        raise UsageError(f"FILE: expected a TOML file that exists, found none at {file}")
    read = read_scaffolds(file)
    return Laid([each for by_key in read.values() for each in by_key.values()], with_others(given, read))


def print_findings(findings: "Sequence[ScaffoldFinding]") -> None:
    """A row each."""
    print_table(_COLUMNS, [tuple(getattr(finding, name) for name in _COLUMNS) for finding in findings])


def _refuse_new_findings(before: "Scaffolds", after: "Scaffolds") -> None:
    """Say what would not fit any more, and leave; what did not fit before is no reason."""
    from pipeline.generation.scaffold_checks import check_scaffolds

    known = set(check_scaffolds(before))
    if findings := [each for each in check_scaffolds(after) if each not in known]:
        print_findings(findings)
        complain(f"{count_of(len(findings), 'finding')}, and nothing is changed: mend what they name")
        raise typer.Exit(NOT_READY)
