"""Together's fine-tuning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, OwnModel, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.together import together_files

    return {"sft": together_files.RENDERER}


TRAINER = Trainer(
    name="together",
    title="Together",
    rank=5,
    is_hosted=True,
    own_model=OwnModel("together_model", "the hub's name; Together lists those it trains, some under another name"),
    objectives=("sft",),
    renderers=_renderers,
)
