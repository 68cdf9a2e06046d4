"""The fields of the page that plans a training: what can be chosen, and what is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec
from pipeline.trainers.registry import BY_NAME
from pipeline.training.presets import Preset
from pipeline.training.setup import Setup
from pipeline.wording import count_of, number

METHODS = {"": "Auto", "lora": "LoRA", "qlora": "QLoRA", "full": "Full"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a field."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """The fields of the form."""

    models: tuple[Choice, ...]
    presets: tuple[Choice, ...]
    methods: tuple[Choice, ...]
    gpus: tuple[Choice, ...]
    gpu_counts: tuple[Choice, ...]
    trainers: tuple[Choice, ...]


def choices_of(
    setup: Setup,
    models: Mapping[str, BaseModelSpec],
    gpus: Mapping[str, Gpu],
    presets: Iterable[Preset],
    trainers: Iterable[str],
) -> Choices:
    """The fields with what is chosen; the smallest GPU first."""
    sizes = {name: f"{name} · {number(round(model.parameters / 1e9, 1))}B" for name, model in sorted(models.items())}
    memories = {
        gpu.name: f"{gpu.name} · {gpu.memory_gb:.0f} GB"
        for gpu in sorted(gpus.values(), key=lambda gpu: (gpu.memory_gb, gpu.name))
    }
    counts = {str(count): count_of(count, "GPU") for count in (1, 2, 4, 8)}
    chosen_trainer = setup.targets[0] if setup.targets else ""
    return Choices(
        models=_field(sizes, setup.model),
        presets=_field({preset.name: preset.name.capitalize() for preset in presets}, setup.preset),
        methods=_field(METHODS, setup.method or ""),
        gpus=_field(memories, setup.gpu),
        gpu_counts=_field(counts, str(setup.gpu_count)),
        trainers=_field({name: BY_NAME[name].label for name in trainers}, chosen_trainer),
    )


def _field(labels: Mapping[str, str], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, label, value == chosen) for value, label in labels.items())
