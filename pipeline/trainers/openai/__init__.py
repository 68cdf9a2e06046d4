"""OpenAI's fine-tuning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, OwnModel, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.openai import openai_files

    return {"sft": openai_files.RENDERER}


TRAINER = Trainer(
    name="openai",
    title="OpenAI",
    rank=4,
    is_hosted=True,
    own_model=OwnModel("openai_model", "OpenAI does not train {base_model}, only its own models"),
    objectives=("sft",),
    renderers=_renderers,
)
