"""Every trainer there is: a folder each, with its `TRAINER`. All lists of trainers are made here."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules

import pipeline.trainers as rooms
from pipeline.trainers.trainer import Objective, Trainer

_OTHER_ROOMS = {"acceptance"}  # it asks this module


def _found() -> dict[str, Trainer]:
    folders = [each.name for each in iter_modules(rooms.__path__) if each.ispkg and each.name not in _OTHER_ROOMS]
    records = [import_module(f"{rooms.__name__}.{folder}").TRAINER for folder in folders]
    return {each.name: each for each in sorted(records, key=lambda record: record.rank)}


BY_NAME: Mapping[str, Trainer] = _found()
WRITTEN: tuple[str, ...] = tuple(name for name, each in BY_NAME.items() if each.objectives)
"""Those that jobs can be written for."""
DEFAULT = WRITTEN[0]
JUDGING: tuple[str, ...] = tuple(
    each.name for each in sorted(BY_NAME.values(), key=lambda record: not record.is_hosted) if each.has_rules
)
"""Those that say what they take, hosted ones first."""
HOSTED = frozenset(name for name, each in BY_NAME.items() if each.is_hosted)
CHUNKING = frozenset(name for name, each in BY_NAME.items() if each.has_chunked_loss)
SHARDING = frozenset(name for name, each in BY_NAME.items() if each.can_shard)
FUSED = frozenset(name for name, each in BY_NAME.items() if each.has_fused_kernels)


def are_hosted(targets: Iterable[str]) -> bool:
    """Whether providers train all of them, so that nobody needs a GPU."""
    return HOSTED.issuperset(targets)


def trainers_of(objective: Objective) -> tuple[str, ...]:
    """Those whose files can have that objective."""
    return tuple(name for name in WRITTEN if objective in BY_NAME[name].objectives)
