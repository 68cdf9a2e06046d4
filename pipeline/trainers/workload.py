"""What is to be trained on what: the input of every estimate."""

from dataclasses import dataclass
from typing import Literal

from pipeline.catalogues.families import Method as Method
from pipeline.catalogues.gpus import Gpu
from pipeline.catalogues.models import BaseModelSpec

LossKernel = Literal["full", "chunked"]


@dataclass(frozen=True, slots=True)
class Workload:
    """One training set-up. A step is one optimiser step: `gradient_accumulation` micro batches on each GPU."""

    model: BaseModelSpec
    gpu: Gpu
    method: Method
    sequence_length: int
    """Tokens of a row."""
    micro_batch: int
    """Rows."""
    gradient_accumulation: int
    gpu_count: int = 1
    rank: int = 16
    """Of the adapters, 0 without any."""
    has_gradient_checkpointing: bool = True
    loss_kernel: LossKernel = "full"
    """Whether the logits of a micro batch are held at once."""
    trainer: str | None = None
    """Named as acceptance targets are."""
    is_sharded: bool | None = None
    """Whether several GPUs share out weights, gradients and optimiser (FSDP, ZeRO-3) or each holds a replica (DDP);
    None: shared out where a replica would leave too little room."""
    adapted: tuple[str, ...] = ()
    """The layers with adapters, where a measured run had not all that our files name."""
