"""The few numbers that memory and step time hang on: what is expected of each, and what the measurements made of it.

`EXPECTED` is from the literature and data sheets, with how far it may be off; `fit.py` finds the rest with the shipped
measurements, `fitted.toml` holds it. "Fused" trainers compile or fuse their kernels (torchtune, Unsloth), others are
"plain".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Constants:
    """Bytes are for each parameter, token or logit; shares are of a GPU's data sheet."""

    plain_trainable_bytes: float  # weights, gradients and AdamW in FP32, and what the optimiser holds for a moment
    fused_trainable_bytes: float  # all of that in BF16
    nf4_bytes: float  # a weight in 4 bits with its scales
    recomputed_layers: float  # with checkpointing: how many layers' activations live at the peak
    plain_activations: float  # of what a layer must keep, 1 being all tensors once in BF16
    fused_activations: float
    logit_bytes: float  # logits, their FP32 copies and gradients at once
    chunked_logit_bytes: float
    plain_context_gib: float  # CUDA, its libraries, and gaps between tensors
    fused_context_gib: float
    matmul_share: float  # of what products reach alone, on a GPU with the A100's balance of speed and bandwidth
    plain_pass_bytes: float  # moved for each token, layer and unit of width besides the products, all layers adapted
    fused_pass_bytes: float
    launch_s: float  # the least time for a layer and micro batch: what the CPU needs to launch its kernels
    dequantise_bytes: float  # moved for each 4-bit weight and pass
    link_share: float  # of the interconnect's data sheet

    def as_dict(self) -> dict[str, float]:
        """By name, in the order above."""
        return {name: getattr(self, name) for name in self.__slots__}


EXPECTED = Constants(
    plain_trainable_bytes=20,
    fused_trainable_bytes=8,
    nf4_bytes=0.56,
    recomputed_layers=1.5,
    plain_activations=1.0,
    fused_activations=0.75,
    logit_bytes=12,
    chunked_logit_bytes=1.5,
    plain_context_gib=1.5,
    fused_context_gib=0.7,
    matmul_share=0.82,
    plain_pass_bytes=1200,
    fused_pass_bytes=400,
    launch_s=0.005,
    dequantise_bytes=20,
    link_share=0.65,
)

# How far each may be off, as a share: a standard deviation. Those that physics or a format sets are narrow.
DOUBT: Mapping[str, float] = MappingProxyType(
    dict.fromkeys(Constants.__slots__, 0.3) | {"fused_trainable_bytes": 0.1, "nf4_bytes": 0.05, "logit_bytes": 0.15}
)
