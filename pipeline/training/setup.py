"""What is asked for when a job is made: by a person in a command, or by the default plan for every ready dataset.

Names are only read here; whether a catalogue knows them shows in `considering.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import get_args

from pipeline.catalogues.nearest import did_you_mean
from pipeline.catalogues.prices import PriceKind
from pipeline.errors import SettingsError, UsageError
from pipeline.settings import Settings
from pipeline.trainers.job import PresetName
from pipeline.trainers.registry import DEFAULT, WRITTEN
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.workload import Method
from pipeline.wording import times

_PARTS = ("models", "presets", "GPUs", "trainers")


@dataclass(frozen=True, slots=True)
class Setup:
    """One job that is wanted."""

    model: str
    preset: str = "balanced"
    gpu: str = "A100-80GB-SXM"
    gpu_count: int = 1
    method: Method | None = None
    """None where the GPU decides."""
    targets: tuple[TargetName, ...] = (DEFAULT,)
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Settings by key, as text."""
    provider: str | None = None
    """At whose price, and at which; the lowest of that kind where no provider is named."""
    price_kind: PriceKind = "on-demand"
    """At whose price, and at which; the lowest of that kind where no provider is named."""

    def __str__(self) -> str:
        """A few words for people."""
        how = f"{self.preset}, {self.method}" if self.method else self.preset
        price = (self.provider, "spot" if self.price_kind == "spot" else None)
        said = (self.model, how, times(self.gpu_count, self.gpu), *self.targets, *filter(None, price))
        return ", ".join(said)


def plans_of(settings: Settings) -> tuple[Setup, ...]:
    """The default plan of an installation.

    Raises:
        SettingsError: it cannot be read; says where.
    """
    try:
        return parse_plans(settings.training_plans)
    except ValueError as error:
        raise SettingsError(f"LORA_TRAINING_PLANS: {error}") from None


def parse_plans(text: str) -> tuple[Setup, ...]:
    """Every combination of `MODELS PRESETS GPUS TRAINERS`, each a list with commas; several plans by semicolons.

    >>> [str(setup) for setup in parse_plans("Qwen3-8B balanced,aggressive RTX-4090 trl")]
    ['Qwen3-8B, balanced, RTX-4090, trl', 'Qwen3-8B, aggressive, RTX-4090, trl']

    Raises:
        ValueError: a plan has other than four parts, or names a preset or trainer that there is not.
    """
    setups = []
    for plan in filter(None, map(str.strip, text.split(";"))):
        parts = plan.split()
        if len(parts) != len(_PARTS):
            raise ValueError(f"expected {' '.join(_PARTS)}, each a list with commas and no blanks, found {plan!r}")
        models, presets, gpus, targets = ([name for name in part.split(",") if name] for part in parts)
        for preset in presets:
            if preset not in get_args(PresetName):
                raise ValueError(f"expected presets of {', '.join(get_args(PresetName))}, found {preset!r}")
        try:
            named = parse_targets(targets)
        except UsageError as error:
            raise ValueError(str(error)) from None
        setups += [Setup(model, preset, gpu, targets=named) for model, preset, gpu in product(models, presets, gpus)]
    return tuple({str(setup): setup for setup in setups}.values())


def parse_targets(names: list[str]) -> tuple[TargetName, ...]:
    """Trainers by name, each once.

    Raises:
        UsageError: one that there is not; names the nearest.
    """
    for name in names:
        if name not in WRITTEN:
            raise UsageError(
                f"trainers: expected some of {', '.join(WRITTEN)}, found {name!r}{did_you_mean(name, WRITTEN)}"
            )
    return tuple(dict.fromkeys(names))
