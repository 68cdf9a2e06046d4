"""Unsloth: its script is one of TRL's trainers, whose rules hold for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.unsloth import unsloth_files

    return {"sft": unsloth_files.RENDERER}


TRAINER = Trainer(
    name="unsloth",
    title="Unsloth",
    rank=6,
    has_rules=False,
    judged_as="trl",
    has_chunked_loss=True,
    has_fused_kernels=True,
    has_several_gpus=False,
    objectives=("sft",),
    renderers=_renderers,
)
