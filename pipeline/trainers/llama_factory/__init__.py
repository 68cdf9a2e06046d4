"""LLaMA-Factory."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.llama_factory import llama_factory_files, llama_factory_objectives

    return {"sft": llama_factory_files.RENDERER, **llama_factory_objectives.RENDERERS}


TRAINER = Trainer(
    name="llama-factory",
    title="LLaMA-Factory",
    rank=3,
    can_shard=True,
    objectives=("sft", "preference", "kto", "text"),
    renderers=_renderers,
)
