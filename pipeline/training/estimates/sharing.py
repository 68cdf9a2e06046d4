"""What several GPUs share out: nothing but rows (replicas, as DDP), or weights, gradients and optimiser, too (FSDP)."""

from pipeline.trainers.registry import FUSED, HOSTED, WRITTEN
from pipeline.trainers.workload import Workload
from pipeline.training.parameters import embedding_parameters, layer_parameters

GIB = 2**30
# Trainers that measurements are of and that we write no files for.
_ALSO_FUSED = frozenset({"torchtune", "nemo-automodel"})
_ALSO_MEASURED = frozenset({"ms-swift", "litgpt", "qwen-finetune"})
FUSED_TRAINERS = FUSED | _ALSO_FUSED
TRAINERS = (frozenset(WRITTEN) - HOSTED) | FUSED_TRAINERS | _ALSO_MEASURED
_REPLICATED_SHARE = 0.45  # of a GPU's memory that weights may fill before they are shared out


def is_fused(workload: Workload) -> bool:
    """Whether the trainer compiles or fuses its kernels; of an unknown trainer, whether its loss is chunked."""
    return workload.trainer in FUSED_TRAINERS if workload.trainer else workload.loss_kernel == "chunked"


def is_sharded(workload: Workload) -> bool:
    """Whether each GPU holds a share only. It depends on nothing but model, method and GPU."""
    if workload.gpu_count == 1:
        return False
    if workload.method == "full":
        return True
    return weight_bytes(workload, 0.56) > _REPLICATED_SHARE * workload.gpu.memory_gb * GIB


def weight_bytes(workload: Workload, nf4_bytes: float) -> float:
    """Of the base model as it is loaded: linear layers in 4 bits for QLoRA, all else in BF16."""
    layers = layer_parameters(workload.model)
    rest = max(embedding_parameters(workload.model), workload.model.parameters - layers)
    return layers * (nf4_bytes if workload.method == "qlora" else 2) + 2 * rest
