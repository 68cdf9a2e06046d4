"""Finds what a person named, or says which known names are nearest; picks a price."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from pipeline.catalogues.entry import Entry, same
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.model_config import model_from_config
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.prices import Price, PriceKind
from pipeline.catalogues.reading import load_gpus, load_models
from pipeline.catalogues.token_prices import TokenPrice
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
    return _find("GPU", name, load_gpus(own), "or describe it in LORA_GPUS_FILE", nearest_gpus)


def find_price(
    prices: Iterable[Price], gpu: Gpu, kind: PriceKind = "on-demand", provider: str | None = None
) -> Price | None:
    """The lowest price of a GPU, of one provider if it is named; None where nothing is listed."""
    found = (
        price
        for price in prices_of(prices, gpu)
        if price.kind == kind and (provider is None or same(price.provider) == same(provider))
    )
    return next(found, None)


def prices_of(prices: Iterable[Price], gpu: Gpu) -> list[Price]:
    """All prices of a GPU, the lowest first."""
    names = {same(name) for name in gpu.names()}
    found = [price for price in prices if same(price.name) in names]
    return sorted(found, key=lambda price: (price.per_gpu_hour, price.provider))


def no_such_price(prices: Iterable[Price], gpu: Gpu) -> str:
    """What to say where a provider or kind was asked for that has no price of a GPU: those that have one."""
    known = sorted({f"{each.provider} ({each.kind})" for each in prices_of(prices, gpu)})
    return f"no such price of {gpu.name}; known: {', '.join(known) or 'none'}"


def find_token_price(
    prices: Iterable[TokenPrice], provider: str, model: str, parameters: int | None, method: str, objective: str
) -> TokenPrice | None:
    """What a provider takes for training a model; None where nothing is listed.

    model: the provider's name of it. parameters: by which it is in a class of sizes; None for a model of that provider
    alone. The first price that names the model, else the first of its class.
    """
    offered = [
        price
        for price in prices
        if same(price.provider) == same(provider)
        and price.method in {None, "full" if method == "full" else "lora"}
        and price.objective in {None, objective}
    ]
    named = (price for price in offered if same(model) in map(same, price.names()))
    sized = (price for price in offered if parameters is not None and price.has_size(parameters))
    return next(named, None) or next(sized, None)


def is_stale(price: Entry, today: date) -> bool:
    """Whether the price is older than 90 days."""
    return (today - price.as_of).days > STALE_AFTER_DAYS


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names that look most like a name, best first."""
    spellings: dict[str, str] = {}
    for each in known:
        spellings.setdefault(same(each), each)
    return [spellings[key] for key in difflib.get_close_matches(same(name), list(spellings), n=most, cutoff=0.4)]


def nearest_gpus(name: str, known: Mapping[str, Gpu], most: int = 3) -> list[str]:
    """The GPUs of the same family whose name or alias looks most like a name, best first; none of a family of its own.

    A letter more or less names another maker's card (`MI300X` and `A30`), so families are their letters.
    """
    found = {
        gpu.name: max(
            difflib.SequenceMatcher(None, same(name), same(each)).ratio()
            for each in gpu.names()
            if _family(each) == _family(name)
        )
        for gpu in known.values()
        if _family(name) in map(_family, gpu.names())
    }
    return sorted(found, key=lambda each: (-found[each], each))[:most]


def _family(name: str) -> str:
    """The letters that a GPU's name begins with: `rtx` of RTX-4090, `h` of H100-SXM."""
    return re.match(r"[^\W\d_]*", same(name))[0]  # type: ignore[index]  # it may be empty, so it always matches


def _find(
    what: str,
    name: str,
    entries: Mapping[str, E],
    otherwise: str,
    near: Callable[[str, Mapping[str, E]], list[str]] = nearest,
) -> E:
    by_name = {same(each): entry for entry in entries.values() for each in entry.names()}
    if entry := by_name.get(same(name)):
        return entry
    named = ", ".join(near(name, entries))
    nearest_ones = f"the nearest: {named}" if named else f"`lora-pipeline {what.lower()}s` lists them"
    raise UsageError(f"no {what} {name!r} is known; {nearest_ones}; {otherwise}")
