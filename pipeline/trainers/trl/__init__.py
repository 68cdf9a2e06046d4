"""TRL."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.trl import trl_files, trl_objectives

    return {"sft": trl_files.RENDERER, **trl_objectives.RENDERERS}


TRAINER = Trainer(
    name="trl",
    title="TRL",
    rank=1,
    has_chunked_loss=True,
    can_shard=True,
    objectives=("sft", "preference", "kto", "text"),
    renderers=_renderers,
)
