"""A price list as CSV, taken in whole or not at all: each doubtful row is named with what is wrong about it.

Columns: gpu, provider, kind (on-demand or spot), per_gpu_hour, currency, as_of (ISO day), source. Public lists contain
spot prices above on-demand ones, totals of eight GPUs in place of one, and GPUs that are not what they seem.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.catalogues.by_name import find_gpu
from pipeline.catalogues.entry import same
from pipeline.catalogues.prices import Price
from pipeline.catalogues.reading import read_entries
from pipeline.errors import UsageError
from pipeline.state.durable import whole_file

COLUMNS = ("gpu", "provider", "kind", "per_gpu_hour", "currency", "as_of", "source")
_LEAST, _MOST = 0.02, 50.0  # for one GPU and hour, in any of the currencies: beyond them it is another unit
_OLDEST = date(2020, 1, 1)
_Fault = tuple[int, str]  # the line, and what is wrong there


def import_prices(path: Path, own: Path, today: date, gpus_file: Path | None = None) -> tuple[Price, ...]:
    """Take a CSV of prices into the user's file, where they replace those of the same GPU, provider and kind.

    Raises:
        UsageError: a row cannot be used or is doubtful; every one is named, and nothing is taken.
        LakeError: the user's file cannot be written.
    """
    known = read_entries(Price, "prices", own)
    imported = _checked(path, known, today, gpus_file)
    kept = [price for price in known if _key(price) not in set(map(_key, imported))]
    own.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(own) as aside:
        aside.write_text(prices_text((*kept, *imported)), "utf-8")
    return imported


def prices_text(prices: Iterable[Price]) -> str:
    """The TOML file of these prices."""
    tables = []
    for price in sorted(prices, key=_key):
        fields = price.model_dump(mode="json", exclude={"aliases", "as_of"})
        lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
        tables.append("\n".join(["[[prices]]", *lines, f"as_of = {price.as_of.isoformat()}"]))
    return "\n\n".join(tables) + "\n"


def _checked(path: Path, known: Sequence[Price], today: date, gpus_file: Path | None) -> tuple[Price, ...]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if (found := set(reader.fieldnames or ())) != set(COLUMNS):
            raise UsageError(f"{path}: expected the columns {', '.join(COLUMNS)}, found {', '.join(sorted(found))}")
        rows = [(reader.line_num, row) for row in reader]
    faults: list[_Fault] = []
    prices: list[tuple[int, Price]] = []
    for line, row in rows:
        price, wrong = _price(row, gpus_file)
        if price:
            prices.append((line, price))
            wrong = _doubts(price, today)
        faults += [(line, each) for each in wrong]
    faults += _clashes(prices, known)
    if faults:
        named = [f"  line {line}: {fault}" for line, fault in sorted(faults, key=lambda each: each[0])]
        raise UsageError("\n".join([f"{path}: nothing was imported:", *named]))
    return tuple(price for _, price in prices)


def _price(row: dict[str, str], gpus_file: Path | None) -> tuple[Price | None, list[str]]:
    if None in row or None in row.values():
        return None, [f"expected {len(COLUMNS)} values"]
    values = {name: value.strip() for name, value in row.items()}
    try:
        gpu = find_gpu(values.pop("gpu"), gpus_file)
        return Price.model_validate({"name": gpu.name, **values, "currency": values["currency"] or "USD"}), []
    except UsageError as error:
        return None, [str(error)]
    except ValidationError as error:
        return None, [f"{e['loc'][0]}: {e['msg']}, found {e['input']!r}" for e in error.errors()]


def _doubts(price: Price, today: date) -> list[str]:
    doubts = []
    if not _LEAST <= price.per_gpu_hour <= _MOST:
        doubts.append(
            f"per_gpu_hour: expected {_LEAST} to {_MOST:g} {price.currency} for one GPU and hour, "
            f"found {price.per_gpu_hour:g}; is it for a machine, a month, or in cents?"
        )
    if price.as_of > today:
        doubts.append(f"as_of: {price.as_of} is in the future")
    if price.as_of < _OLDEST:
        doubts.append(f"as_of: expected a day since {_OLDEST}, found {price.as_of}")
    return doubts


def _clashes(rows: Sequence[tuple[int, Price]], known: Sequence[Price]) -> list[_Fault]:
    faults: list[_Fault] = []
    first: dict[tuple[str, str, str], int] = {}
    by_key = {_key(price): price for price in (*known, *(price for _, price in rows))}
    for line, price in rows:
        offer = f"{price.name}, {price.provider}, {price.kind}"
        if (before := first.setdefault(_key(price), line)) != line:
            faults.append((line, f"{offer} is on line {before} already"))
        on_demand = by_key.get((same(price.name), same(price.provider), "on-demand"))
        is_comparable = price.kind == "spot" and on_demand and price.currency == on_demand.currency
        if on_demand and is_comparable and price.per_gpu_hour > on_demand.per_gpu_hour:
            faults.append((line, f"{offer}: {price.per_gpu_hour:g}, dearer than on-demand, {on_demand.per_gpu_hour:g}"))
    return faults


def _key(price: Price) -> tuple[str, str, str]:
    return (same(price.name), same(price.provider), price.kind)
