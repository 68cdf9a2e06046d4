"""Time of an optimiser step: matrix products, memory traffic, kernel launches, 4-bit weights, the interconnect."""

import math

from pipeline.trainers.workload import Workload
from pipeline.training.estimates.constants import Constants
from pipeline.training.estimates.memory import trainable_parameters
from pipeline.training.estimates.sharing import is_fused, is_sharded, quantised_parameters, shares_of, weight_bytes
from pipeline.training.parameters import active_parameters, adapted_share

_A100_BALANCE = 264.5e12 / 2039e9  # FLOPs that products reach for each byte of bandwidth
# Without BF16 there is no FlashAttention 2, and gradients are scaled: so much longer (measured on a T4: 1.5 to 1.9).
_OLDER = 1.6
_MIXTURE = 0.5  # small experts make small matrix products, and tokens must be sorted (assumed)
_FULL_LAUNCHES = 2  # each weight has a gradient of its own to compute, add and reduce (measured: 11 against 5 ms)
_WITHOUT_RECOMPUTING = 0.75  # of the kernels: a forward pass and a backward one, which is as two
_OVERLAP = 0.5  # of transfers that hide behind computing, or the other way round


def step_time_s(workload: Workload, constants: Constants) -> float:
    """Seconds of one optimiser step, all its micro batches included."""
    return workload.gradient_accumulation * micro_batch_s(workload, constants) + _optimiser_s(workload)


def micro_batch_s(workload: Workload, constants: Constants) -> float:
    """Seconds of a forward and a backward pass on each GPU."""
    computing = _products_s(workload, constants) + _traffic_s(workload, constants)
    launches = _FULL_LAUNCHES if workload.method == "full" else 1
    launching = constants.launch_s * launches * _passes(workload) * workload.model.layers
    working = math.cbrt(computing**3 + launching**3)  # a soft maximum: the CPU runs ahead of the GPU, or behind
    working += _dequantise_s(workload, constants)
    working *= 1 if workload.gpu.has_bf16 else _OLDER
    moving = _transfer_s(workload, constants)
    return max(working, moving) + _OVERLAP * min(working, moving)


def flops(workload: Workload) -> float:
    """Of a micro batch: 4N for each token with frozen weights, 6N without, 2N more with checkpointing; attention."""
    model, again = workload.model, 1 if workload.has_gradient_checkpointing else 0
    products = (6 if workload.method == "full" else 4) + 2 * again
    attention = 2 * model.structure.attention_width * workload.sequence_length * (3 + again)
    tokens = workload.sequence_length * workload.micro_batch
    return float(tokens * (products * active_parameters(model) + attention))


def _products_s(workload: Workload, constants: Constants) -> float:
    """The more FLOPs a GPU has for each byte of bandwidth, the less of what products reach alone they do here."""
    gpu = workload.gpu
    reached = gpu.reached_tflops * 1e12
    balance = reached / (gpu.bandwidth_gb_per_s * 1e9)
    share = constants.matmul_share * min(1.0, math.sqrt(_A100_BALANCE / balance))
    share *= 1 if workload.model.experts == 1 else _MIXTURE
    return flops(workload) / (reached * share)


def _traffic_s(workload: Workload, constants: Constants) -> float:
    """Norms, activations, casts and dropout; those around plain adapters are the most, where there are adapters."""
    is_lean = is_fused(workload) or workload.method == "full"
    around = 0.0 if is_lean else constants.plain_pass_bytes - constants.fused_pass_bytes
    moved = constants.fused_pass_bytes + around * adapted_share(workload.model, workload.adapted)
    tokens = workload.sequence_length * workload.micro_batch
    width = workload.model.layers * workload.model.hidden_size
    return moved * _passes(workload) * tokens * width / (workload.gpu.bandwidth_gb_per_s * 1e9)


def _passes(workload: Workload) -> float:
    """Of kernels, those of forward, backward and recomputing being one."""
    return 1.0 if workload.has_gradient_checkpointing else _WITHOUT_RECOMPUTING


def _dequantise_s(workload: Workload, constants: Constants) -> float:
    passes = 3 if workload.has_gradient_checkpointing else 2
    moved = passes * constants.dequantise_bytes * quantised_parameters(workload)
    return moved / (workload.gpu.bandwidth_gb_per_s * 1e9)


def _transfer_s(workload: Workload, constants: Constants) -> float:
    """Shared-out weights are gathered in every pass; full fine-tuning sends gradients back."""
    if not is_sharded(workload):
        return 0.0
    passes = 3 if workload.has_gradient_checkpointing else 2
    moved = passes * weight_bytes(workload, constants.nf4_bytes)
    if workload.method == "full":
        moved += 2 * workload.model.parameters
    away = (workload.gpu_count - 1) / workload.gpu_count
    return moved * away / (constants.link_share * workload.gpu.interconnect_gb_per_s * 1e9)


def _optimiser_s(workload: Workload) -> float:
    """AdamW reads and writes weight, gradient and two moments in FP32 once."""
    shares = shares_of(workload)
    return 32.0 * trainable_parameters(workload) / shares / (workload.gpu.bandwidth_gb_per_s * 1e9)
