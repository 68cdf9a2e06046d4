"""One renderer a trainer and objective. To add one, write a module with a `TARGET` and put it into `TARGETS`.

`TARGETS` are those of answers (SFT), which all trainers have; `OTHERS` are those of the other objectives.
"""

from collections.abc import Mapping

from pipeline.training.jobs.checking import Problem, check_documents
from pipeline.training.jobs.job import Objective, TargetName
from pipeline.training.jobs.targets import (
    axolotl,
    axolotl_objectives,
    llama_factory,
    llama_factory_objectives,
    openai,
    together,
    trl,
    trl_objectives,
    unsloth,
)
from pipeline.training.jobs.targets.target import TrainerTarget

TARGETS: dict[TargetName, TrainerTarget] = {
    module.TARGET.name: module.TARGET for module in (trl, axolotl, llama_factory, openai, together, unsloth)
}
OTHERS: dict[tuple[Objective, TargetName], TrainerTarget] = {
    (objective, target.name): target
    for module in (trl_objectives, axolotl_objectives, llama_factory_objectives)
    for objective, target in module.TARGETS.items()
}


def renderer(target: TargetName, objective: Objective) -> TrainerTarget:
    """The one for a trainer and objective, which planning has found it to have."""
    return TARGETS[target] if objective == "sft" else OTHERS[objective, target]


def check_files(target: TargetName, files: Mapping[str, str], objective: Objective = "sft") -> list[Problem]:
    """What the trainer would not know or not take in its files. files: text by name."""
    return check_documents(renderer(target, objective).documents, files)
