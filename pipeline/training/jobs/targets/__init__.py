"""One renderer a trainer. To add one, write a module with a `TARGET` and put it into `TARGETS`."""

from collections.abc import Mapping

from pipeline.training.jobs.checking import Problem, check_documents
from pipeline.training.jobs.job import TargetName
from pipeline.training.jobs.targets import axolotl, llama_factory, openai, together, trl, unsloth
from pipeline.training.jobs.targets.target import TrainerTarget

TARGETS: dict[TargetName, TrainerTarget] = {
    module.TARGET.name: module.TARGET for module in (trl, axolotl, llama_factory, openai, together, unsloth)
}


def check_files(target: TargetName, files: Mapping[str, str]) -> list[Problem]:
    """What the trainer would not know or not take in its files. files: text by name."""
    return check_documents(TARGETS[target].documents, files)
