"""What is to be trained on what: the input of every estimate."""

from dataclasses import dataclass
from typing import Literal

from pipeline.catalogues.families import Method as Method
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec

LossKernel = Literal["full", "chunked"]


@dataclass(frozen=True, slots=True)
class Workload:
    """One training set-up. A step is one optimiser step: `gradient_accumulation` micro batches on each GPU.

    sequence_length: tokens of a row; micro_batch: rows. rank: of the adapters on all linear layers, 0 without any.
    loss_kernel: whether the logits of a micro batch are held at once. trainer: named as acceptance targets are.
    is_sharded: whether several GPUs share out weights, gradients and optimiser (FSDP, ZeRO-3) or each holds a replica
    (DDP); None: shared out where a replica would leave too little room.
    """

    model: BaseModelSpec
    gpu: Gpu
    method: Method
    sequence_length: int
    micro_batch: int
    gradient_accumulation: int
    gpu_count: int = 1
    rank: int = 16
    has_gradient_checkpointing: bool = True
    loss_kernel: LossKernel = "full"
    trainer: str | None = None
    is_sharded: bool | None = None
