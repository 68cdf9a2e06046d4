"""Together's fine-tuning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, OwnModel, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


EVALUATIONS = 10
"""How often a job has the validation rows read."""


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.together import together_files

    return {"sft": together_files.RENDERER}


TRAINER = Trainer(
    name="together",
    title="Together",
    rank=5,
    is_hosted=True,
    bills_full_rows=True,
    billed_evaluations=EVALUATIONS,
    own_model=OwnModel("together_model", "the hub's name; Together lists those it trains, some under another name"),
    objectives=("sft",),
    renderers=_renderers,
)
