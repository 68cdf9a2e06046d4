"""mlx-lm: trains on Apple's chips, with MLX."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.trainers.trainer import Objective, Trainer

if TYPE_CHECKING:
    from pipeline.trainers.renderer import Renderer


def _renderers() -> "Mapping[Objective, Renderer]":
    from pipeline.trainers.mlx_lm import mlx_lm_files

    return {"sft": mlx_lm_files.RENDERER}


TRAINER = Trainer(
    name="mlx-lm", title="mlx-lm", rank=10, has_several_gpus=False, objectives=("sft",), renderers=_renderers
)
