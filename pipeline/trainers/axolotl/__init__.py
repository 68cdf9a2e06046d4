"""Axolotl."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.axolotl import axolotl_files, axolotl_objectives

    return {"sft": axolotl_files.RENDERER, **axolotl_objectives.RENDERERS}


TRAINER = Trainer(
    name="axolotl",
    title="Axolotl",
    rank=2,
    kto_templates={"llama3": "llama3", "qwen": "chatml", "qwen3": "chatml"},
    quantises_experts=True,
    widens_embeddings=True,
    can_shard=True,
    objectives=("sft", "preference", "kto", "text"),
    renderers=_renderers,
)
