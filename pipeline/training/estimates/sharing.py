"""What several GPUs share out: nothing but rows (replicas, as DDP), or weights, gradients and optimiser, too (FSDP)."""

from pipeline.trainers.registry import BY_NAME, FUSED, HOSTED, WRITTEN
from pipeline.trainers.workload import Workload
from pipeline.training.parameters import embedding_parameters, expert_parameters, linear_parameters

GIB = 2**30
# Trainers that measurements are of and that we write no files for.
_ALSO_FUSED = frozenset({"torchtune", "nemo-automodel", "halo"})
_ALSO_MEASURED = frozenset({"ms-swift", "litgpt", "qwen-finetune", "peft", "fsdp-qlora"})
# Whose QLoRA has embeddings in FP32 (`prepare_model_for_kbit_training`); Axolotl takes some of them back, by model.
WIDENING = frozenset({"peft", *(each.name for each in BY_NAME.values() if each.widens_embeddings)})
_QUANTISING_EXPERTS = frozenset(each.name for each in BY_NAME.values() if each.quantises_experts)
FUSED_TRAINERS = FUSED | _ALSO_FUSED
TRAINERS = (frozenset(WRITTEN) - HOSTED) | FUSED_TRAINERS | _ALSO_MEASURED
_REPLICATED_SHARE = 0.45  # of a GPU's memory that weights may fill before they are shared out


def is_fused(workload: Workload) -> bool:
    """Whether the trainer compiles or fuses its kernels; an unknown one is taken for one that does not."""
    return workload.trainer in FUSED_TRAINERS


def is_sharded(workload: Workload) -> bool:
    """Whether each GPU holds a share only."""
    if workload.gpu_count == 1:
        return False
    if workload.is_sharded is not None:
        return workload.is_sharded
    if workload.method == "full":
        return True
    return weight_bytes(workload, 0.56) > _REPLICATED_SHARE * workload.gpu.memory_gb * GIB


def shares_of(workload: Workload) -> int:
    """Over how many GPUs weights, gradients and optimiser are dealt out."""
    return workload.gpu_count if is_sharded(workload) else 1


def weight_bytes(workload: Workload, nf4_bytes: float) -> float:
    """Of the base model as it is loaded: `quantised_parameters` in 4 bits for QLoRA, all else in BF16."""
    model = workload.model
    quantised = quantised_parameters(workload)
    rest = max(embedding_parameters(model), model.parameters - quantised)
    return quantised * nf4_bytes + 2 * rest


def widened_bytes(workload: Workload) -> float:
    """What embeddings and head take more than in BF16 where QLoRA may have them in FP32."""
    is_possible = workload.method == "qlora" and (workload.trainer is None or workload.trainer in WIDENING)
    return 2.0 * embedding_parameters(workload.model) if is_possible else 0.0


def quantised_parameters(workload: Workload) -> int:
    """Weights in 4 bits: of QLoRA the linear layers, and experts where the trainer quantises them, too."""
    if workload.method != "qlora":
        return 0
    experts = expert_parameters(workload.model) if workload.trainer in _QUANTISING_EXPERTS else 0
    return linear_parameters(workload.model) + experts
