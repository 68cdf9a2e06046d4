"""Peak memory of one GPU: weights, what is trained, activations, logits, context. Physics with fitted constants."""

from dataclasses import dataclass

from pipeline.trainers.workload import Workload
from pipeline.training.estimates.constants import Constants
from pipeline.training.estimates.sharing import (
    GIB,
    WIDENING,
    is_fused,
    is_sharded,
    shares_of,
    weight_bytes,
    widened_bytes,
)
from pipeline.training.parameters import (
    adapter_parameters,
    embedding_parameters,
    expert_parameters,
    key_value_width,
    layer_parameters,
    query_width,
)

# Of a layer's experts, what PEFT makes at once to adapt them: the difference, the sum with the weights, its gradient
# (peft 0.21.2, tuners/lora/layer.py, ParamWrapper).
_WHOLE_EXPERTS = 3
_CUDA_GIB = 0.3
_WIDENED_SHARE = 0.5  # expected of what may be in FP32: the measured runs lie on both sides
_USUAL_PARAMETERS = 2e9  # of the smallest models that the usual context was measured with


@dataclass(frozen=True, slots=True)
class MemoryParts:
    """In GiB."""

    weights: float
    widened: float
    """Of embeddings, more than in BF16."""
    trained: float
    """Weights of adapters, gradients, optimiser; in full fine-tuning the weights are among them."""
    activations: float
    logits: float
    context: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.widened + self.trained + self.activations + self.logits + self.context


def memory_parts(workload: Workload, constants: Constants) -> MemoryParts:
    """What lies in the memory of one GPU at the peak."""
    fused = is_fused(workload)
    shares = shares_of(workload)
    per_trainable = constants.fused_trainable_bytes if fused else constants.plain_trainable_bytes
    weights = 0.0 if workload.method == "full" else weight_bytes(workload, constants.nf4_bytes) / shares
    return MemoryParts(
        weights=(weights + _gathered(workload, constants.nf4_bytes)) / GIB,
        widened=_WIDENED_SHARE * widened_bytes(workload) / shares / GIB if workload.trainer in WIDENING else 0.0,
        trained=trainable_parameters(workload) * per_trainable / shares / GIB,
        activations=_activations(workload, constants) / GIB,
        logits=_logits(workload, constants) / GIB,
        context=_context_gib(workload, constants.fused_context_gib if fused else constants.plain_context_gib),
    )


def _context_gib(workload: Workload, usual_gib: float) -> float:
    """CUDA and its libraries, and gaps between tensors, which are as small as a small model's tensors."""
    size = min(1.0, workload.model.parameters / _USUAL_PARAMETERS)
    return min(usual_gib, _CUDA_GIB) + max(0.0, usual_gib - _CUDA_GIB) * size


def trainable_parameters(workload: Workload) -> int:
    """Of the adapters; of the model in full fine-tuning."""
    if workload.method == "full":
        return workload.model.parameters
    return adapter_parameters(workload.model, workload.rank, workload.adapted)


def layer_activations(workload: Workload) -> float:
    """Bytes that one layer keeps for the backward pass: each tensor between its matrix products once, in BF16."""
    model = workload.model
    attention = (3 + model.structure.streams) * model.hidden_size + 2 * query_width(model) + 2 * key_value_width(model)
    mlp = 4 * model.structure.mlp_width / model.layers
    return 2.0 * _micro_batch_tokens(workload) * (attention + mlp)


def _gathered(workload: Workload, nf4_bytes: float) -> float:
    """Of shared-out weights, two layers and the embeddings are whole on every GPU while they are used."""
    if not is_sharded(workload):
        return 0.0
    per_weight = nf4_bytes if workload.method == "qlora" else 2
    layer = layer_parameters(workload.model) / workload.model.layers
    return 2 * layer * per_weight + 2 * embedding_parameters(workload.model)


def _activations(workload: Workload, constants: Constants) -> float:
    model, layer = workload.model, layer_activations(workload)
    kept = constants.fused_activations if is_fused(workload) else constants.plain_activations
    experts = _adapted_experts(workload)
    if not workload.has_gradient_checkpointing:
        return (layer * kept + experts) * (model.layers + constants.recomputed_layers)
    inputs = 2.0 * _micro_batch_tokens(workload) * model.layers * model.hidden_size * model.structure.streams
    return inputs + layer * kept * constants.recomputed_layers + experts


def _adapted_experts(workload: Workload) -> float:
    """Bytes of a layer's experts in BF16, each as often as PEFT makes it to adapt it; 0 where it adapts none."""
    if workload.method == "full":
        return 0.0
    return 2.0 * _WHOLE_EXPERTS * expert_parameters(workload.model) / workload.model.layers


def _logits(workload: Workload, constants: Constants) -> float:
    per_logit = constants.logit_bytes if workload.loss_kernel == "full" else constants.chunked_logit_bytes
    return _micro_batch_tokens(workload) * workload.model.vocabulary * per_logit


def _micro_batch_tokens(workload: Workload) -> int:
    return workload.sequence_length * workload.micro_batch
