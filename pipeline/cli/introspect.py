"""`lora-pipeline introspect`: the catalog's tables as the database has them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import NOT_READY
from pipeline.cli.connections import current_settings
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.state.catalog.live_catalog import LiveCatalog, Schema
    from pipeline.state.catalog.live_tables import Difference, LiveTable


def introspect(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="One of the catalog's. Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the catalog's tables as the database has them: columns, keys, indices, checks, row security, rows.

    Nothing is migrated and nothing changed. Exit code 1: something is not as this version declares it.
    """
    from pipeline.state.catalog.live_catalog import LiveCatalog

    with closing(LiveCatalog.as_it_is(current_settings().catalog_url)) as catalog:
        _check_name(catalog, table)
        found = catalog.schema(None if table is None else [table])
        place = catalog.place
    if as_json:
        typer.echo(json.dumps({"catalog": place, **asdict(found)}))
    elif table is None:
        _tell_all(found)
    else:
        _tell_one(found.tables[0])
    if found.differences:
        if not as_json:
            _tell_differences(found.differences)
        raise typer.Exit(NOT_READY)


def _check_name(catalog: "LiveCatalog", table: str | None) -> None:
    from pipeline.catalogues.nearest import did_you_mean

    names = catalog.table_names()
    if table is not None and table not in names:
        raise UsageError(f"TABLE: expected one of the catalog, found {table!r}{did_you_mean(table, names)}")


def _tell_all(found: "Schema") -> None:
    rows = [(each.name, each.row_count, len(each.columns), len(each.indices), _security(each)) for each in found.tables]
    print_table(("table", "rows", "columns", "indices", "row security"), rows, whole=1)
    told = f"revision {found.revision}" if found.revision else "without a revision"
    typer.echo(f"{count_of(len(found.tables), 'table')}, {told}", err=True)


def _tell_one(each: "LiveTable") -> None:
    print_fields([("table", each.name), ("rows", f"{each.row_count:,}"), ("row security", _security(each))])
    columns = [
        (c.name, c.type, "" if c.is_nullable else "not null", c.key or "", c.default or "") for c in each.columns
    ]
    print_table(("column", "type", "null", "key", "default"), columns, whole=1)
    indices = [(i.name, "yes" if i.is_unique else "no", ", ".join(i.columns), i.condition or "") for i in each.indices]
    print_table(("index", "unique", "over", "of rows"), indices)
    print_fields(list(_constraints(each)))


def _constraints(each: "LiveTable") -> Iterator[tuple[str, str]]:
    yield from (("references", told) for told in each.references)
    yield from (("check", f"{name}: {condition}") for name, condition in sorted(each.checks.items()))
    yield from (("policy", f"{policy.name}, {policy.command}: {policy.condition}") for policy in each.policies)


def _security(each: "LiveTable") -> str:
    if each.is_secured is None:
        return "none in SQLite"
    return ", ".join(policy.name for policy in each.policies) if each.is_secured else "off"


def _tell_differences(found: "Sequence[Difference]") -> None:
    print_table(
        ("table", "what", "expected", "found"), [(each.table, each.what, each.expected, each.found) for each in found]
    )
    typer.echo(f"{count_of(len(found), 'difference')} from what this version declares", err=True)
