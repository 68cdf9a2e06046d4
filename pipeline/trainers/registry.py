"""One renderer a trainer and objective. To add one, write a module with a `TARGET` and put it into `TARGETS`.

`TARGETS` are those of answers (SFT), which all trainers have; `OTHERS` are those of the other objectives.
"""

from collections.abc import Mapping

from pipeline.trainers.axolotl import axolotl_files, axolotl_objectives
from pipeline.trainers.job import Objective, TargetName
from pipeline.trainers.llama_factory import llama_factory_files, llama_factory_objectives
from pipeline.trainers.openai import openai_files
from pipeline.trainers.renderer import TrainerTarget
from pipeline.trainers.strict_keys import Problem, check_documents
from pipeline.trainers.together import together_files
from pipeline.trainers.trl import trl_files, trl_objectives
from pipeline.trainers.unsloth import unsloth_files

TARGETS: dict[TargetName, TrainerTarget] = {
    module.TARGET.name: module.TARGET
    for module in (trl_files, axolotl_files, llama_factory_files, openai_files, together_files, unsloth_files)
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
