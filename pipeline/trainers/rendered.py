"""The renderer of a trainer and objective, and the check of what it wrote."""

from collections.abc import Mapping
from typing import cast

from pipeline.trainers.registry import BY_NAME
from pipeline.trainers.renderer import Renderer
from pipeline.trainers.strict_keys import Problem, check_documents
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.trainer import Objective


def renderer(target: TargetName, objective: Objective) -> Renderer:
    """The one for a trainer and objective, which planning has found it to have.

    Raises:
        KeyError: it has none.
    """
    renderers = BY_NAME[target].renderers
    return cast(Renderer, (renderers() if renderers else {})[objective])


def check_files(target: TargetName, files: Mapping[str, str], objective: Objective = "sft") -> list[Problem]:
    """What the trainer would not know or not take in its files. files: text by name."""
    return check_documents(renderer(target, objective).documents, files)
