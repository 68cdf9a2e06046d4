"""GPUs: memory, speed and how they are joined."""

from typing import Literal, TypeAlias

from pydantic import Field

from pipeline.catalogues.entry import Entry

Maker: TypeAlias = Literal["NVIDIA", "AMD"]
_USUAL_SHARE = 0.8  # of the peak that matrix products reach: the middle of the measured data-centre GPUs


class Gpu(Entry):
    """One kind of GPU. name: as in `A100-80GB-SXM`;"""

    memory_gb: float = Field(gt=0)
    """What a process can use, in 2**30 bytes: trainers and nvidia-smi count so, and call it GB."""
    peak_tflops: float = Field(gt=0)
    """Dense BF16 (FP16 where there is no BF16)."""
    matmul_tflops: float | None = Field(default=None, gt=0)
    """What matrix products in it were measured to reach; None where nobody told."""
    bandwidth_gb_per_s: float = Field(gt=0)  # of its memory
    interconnect_gb_per_s: float = Field(gt=0)  # to its neighbour in one machine, one way
    has_bf16: bool = True
    maker: Maker = "NVIDIA"
    """Whose software it runs: CUDA or ROCm, which kernels and 4-bit packages there are for."""

    @property
    def reached_tflops(self) -> float:
        """What matrix products reach, measured or as usual: clocks rise above the data sheet's, or power binds them."""
        return self.matmul_tflops or _USUAL_SHARE * self.peak_tflops
