"""Finds what a person named, or says which known names are nearest; picks a price."""

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from pipeline.catalogues.entry import Entry, same
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.model_config import model_from_config
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.prices import Price, PriceKind
from pipeline.catalogues.reading import load_gpus, load_models
from pipeline.errors import UsageError

STALE_AFTER_DAYS = 90

E = TypeVar("E", bound=Entry)


def find_model(name: str, own: Path | None = None) -> BaseModelSpec:
    """The base model of that name or hub id, whatever its case; or the one that a `config.json` describes.

    A sibling that was taught to answer (`Llama-3.1-8B-Instruct`) has its own name and hub id.

    Raises:
        UsageError: it is not known, and names the nearest that are; or the config.json cannot be used.
    """
    if name.endswith(".json"):
        return model_from_config(Path(name))
    models = load_models(own)
    taught = {model.name: model for each in models.values() if (model := each.taught())}
    return _find("model", name, {**taught, **models}, "or give the path of its config.json")


def find_gpu(name: str, own: Path | None = None) -> Gpu:
    """The GPU of that name, whatever its case.

    Raises:
        UsageError: it is not known, and names the nearest that are.
    """
    return _find("GPU", name, load_gpus(own), "or describe it in LORA_GPUS_FILE")


def find_price(
    prices: Iterable[Price], gpu: Gpu, kind: PriceKind = "on-demand", provider: str | None = None
) -> Price | None:
    """The lowest price of a GPU, of one provider if it is named; None where nothing is listed."""
    names = {same(name) for name in gpu.names()}
    found = [
        price
        for price in prices
        if same(price.name) in names
        and price.kind == kind
        and (provider is None or same(price.provider) == same(provider))
    ]
    return min(found, key=lambda price: (price.per_gpu_hour, price.provider), default=None)


def is_stale(price: Price, today: date) -> bool:
    """Whether the price is older than 90 days."""
    return (today - price.as_of).days > STALE_AFTER_DAYS


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names that look most like a name, best first."""
    spellings: dict[str, str] = {}
    for each in known:
        spellings.setdefault(same(each), each)
    return [spellings[key] for key in difflib.get_close_matches(same(name), list(spellings), n=most, cutoff=0.4)]


def _find(what: str, name: str, entries: Mapping[str, E], otherwise: str) -> E:
    by_name = {same(each): entry for entry in entries.values() for each in entry.names()}
    if entry := by_name.get(same(name)):
        return entry
    near = nearest(name, entries) or sorted(entries)[:3]
    raise UsageError(f"no {what} {name!r} is known; the nearest: {', '.join(near)}; {otherwise}")
