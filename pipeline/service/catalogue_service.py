"""What a job can be made of, as the contract shows it: read from catalogues, presets and trainers' records."""

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel

from pipeline.catalogues.reading import load_gpus, load_models, load_prices, load_token_prices
from pipeline.contract.catalogue_values import (
    Catalogue,
    CatalogueGpu,
    CatalogueModel,
    CataloguePreset,
    CataloguePrice,
    CatalogueTrainer,
    SettableKey,
)
from pipeline.service.plan_values import gpu_price, token_price
from pipeline.settings import Settings
from pipeline.trainers.overrides import KEYS
from pipeline.trainers.registry import BY_NAME, WRITTEN
from pipeline.training.presets import Preset, load_presets

_T = TypeVar("_T", bound=BaseModel)


def show_catalogue(settings: Settings) -> Catalogue:
    """Everything that a job can be made of.

    Raises:
        UsageError: a file of the installation cannot be used.
    """
    return Catalogue(
        models=[_shown(CatalogueModel, each) for each in load_models(settings.models_file).values()],
        gpus=[_shown(CatalogueGpu, each) for each in load_gpus(settings.gpus_file).values()],
        presets=[_preset(each) for each in load_presets(settings.presets_file).values()],
        prices=list(_prices(settings)),
        trainers=[_shown(CatalogueTrainer, BY_NAME[name]) for name in WRITTEN],
        settings=[_settable(key) for key in KEYS],
    )


def _shown(kind: type[_T], of: object) -> _T:
    return kind.model_validate({name: getattr(of, name) for name in kind.model_fields})


def _preset(preset: Preset) -> CataloguePreset:
    about = {"name", "aliases", "title", "source", "as_of"}
    values = preset.model_dump(mode="json", exclude=about)
    return CataloguePreset(
        name=preset.name, title=preset.title, values=values, source=preset.source, as_of=preset.as_of
    )


def _prices(settings: Settings) -> Iterator[CataloguePrice]:
    for price in load_prices(settings.prices_file):
        yield CataloguePrice(name=price.name, **gpu_price(price).model_dump())
    for tokens in load_token_prices(settings.token_prices_file):
        yield CataloguePrice(name=tokens.name, **token_price(tokens).model_dump())


def _settable(key: str) -> SettableKey:
    rule = KEYS[key].rule
    is_bounded = rule.kind in ("integer", "number")
    return SettableKey(
        key=key,
        setting=KEYS[key].setting,
        kind=rule.kind,
        low=rule.low if is_bounded else None,
        high=rule.high if is_bounded else None,
        choices=list(rule.choices),
        expected=rule.expected,
    )
