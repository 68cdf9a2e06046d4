"""Reads catalogues: the shipped TOML files, then the user's own file, whose entries replace those of the same name."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from pipeline.catalogues.entry import Entry, same
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.prices import Price
from pipeline.catalogues.token_prices import TokenPrice
from pipeline.errors import UsageError

E = TypeVar("E", bound=Entry)


def load_models(own: Path | None = None) -> Mapping[str, BaseModelSpec]:
    """Base models by name. own: the user's file, if it exists.

    Raises:
        UsageError: the user's file cannot be used; names each fault.
    """
    return _by_name(BaseModelSpec, "models", own)


def load_gpus(own: Path | None = None) -> Mapping[str, Gpu]:
    """GPUs by name; see `load_models`."""
    return _by_name(Gpu, "gpus", own)


def load_prices(own: Path | None = None) -> tuple[Price, ...]:
    """All prices. A GPU that the user's file prices is priced by that file alone."""
    mine = read_entries(Price, "prices", own)
    priced = {same(price.name) for price in mine}
    return (*mine, *(price for price in _shipped(Price, "prices") if same(price.name) not in priced))


def load_token_prices(own: Path | None = None) -> tuple[TokenPrice, ...]:
    """All prices of trained tokens, those of the user's file first, so that they are found before the shipped ones."""
    return (*read_entries(TokenPrice, "token_prices", own), *_shipped(TokenPrice, "token_prices"))


def read_entries(kind: type[E], table: str, path: Path | None) -> tuple[E, ...]:
    """The `[[table]]` entries of a user's file; none without a file.

    Raises:
        UsageError: it is not TOML, has other tables, or an entry lacks or misnames something.
    """
    if path is None or not path.is_file():
        return ()
    try:
        return parse(kind, table, path.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None


def parse(kind: type[E], table: str, text: str) -> tuple[E, ...]:
    """The entries that a TOML text has in `[[table]]`.

    Raises:
        ValueError: it is not TOML, has other tables, or an entry lacks or misnames something.
    """
    content = tomllib.loads(text)
    if content and set(content) != {table}:
        raise ValueError(f"expected [[{table}]] tables, found {', '.join(sorted(set(content) - {table}))}")
    listed = content.get(table, [])
    if not isinstance(listed, list):
        raise ValueError(f"expected [[{table}]] tables, found {table} = {listed!r}")
    faults, entries = [], []
    for number, fields in enumerate(listed, start=1):
        try:
            entries.append(kind.model_validate(fields))
        except ValidationError as error:
            named = fields.get("name", f"number {number}") if isinstance(fields, dict) else f"number {number}"
            faults += [f"  {named}, {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    if faults:
        raise ValueError(f"entries of [[{table}]] that cannot be used:\n" + "\n".join(faults))
    return tuple(entries)


@cache
def _shipped(kind: type[E], table: str) -> tuple[E, ...]:
    return parse(kind, table, (files("pipeline.catalogues") / f"{table}.toml").read_text("utf-8"))


def _by_name(kind: type[E], table: str, own: Path | None) -> Mapping[str, E]:
    shipped, mine = _shipped_by_name(kind, table), read_entries(kind, table, own)
    if not mine:
        return shipped
    entries = {same(entry.name): entry for entry in (*shipped.values(), *mine)}
    return MappingProxyType({entry.name: entry for entry in entries.values()})


@cache
def _shipped_by_name(kind: type[E], table: str) -> Mapping[str, E]:
    return MappingProxyType({entry.name: entry for entry in _shipped(kind, table)})
