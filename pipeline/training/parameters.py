"""Counts parameters from a model's matrices: all of them, those that a token passes, those that adapters add.

Norms and biases are left out; they are less than a thousandth.
"""

from collections.abc import Sequence

from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.structures import Matrix


def expert_rank(model: BaseModelSpec, rank: int) -> int:
    """The rank of the adapter of each expert: shared out over those that a token passes, at least 1.

    So a token passes as much of an adapter as in a dense model ("LoRA Without Regret", Thinking Machines, 2025).
    """
    return max(1, rank // model.active_experts)


def adapter_parameters(model: BaseModelSpec, rank: int, names: Sequence[str] = ()) -> int:
    """Trainable parameters of LoRA with this rank; an adapter of a matrix of m x n has rank · (m + n).

    names: of the layers that have one; all that the family names unless given.
    """
    narrow = expert_rank(model, rank)
    return sum(
        _adapted_width(matrix) * (narrow if matrix.kind == "expert" else rank)
        for matrix in model.adapted
        if not names or matrix.name in names
    )


def adapted_share(model: BaseModelSpec, names: Sequence[str]) -> float:
    """How much of what goes into and out of the layers that LoRA can adapt does so at the named ones; none: all."""
    if not names:
        return 1.0
    some = sum(_adapted_width(matrix) for matrix in model.adapted if matrix.name in names)
    return some / sum(map(_adapted_width, model.adapted))


def _adapted_width(matrix: Matrix) -> int:
    return matrix.number * (matrix.outputs + matrix.inputs)


def layer_parameters(model: BaseModelSpec) -> int:
    """Weights of all layers, all experts counted."""
    return sum(matrix.parameters for matrix in model.structure.matrices)


def linear_parameters(model: BaseModelSpec) -> int:
    """Weights of the linear layers, which bitsandbytes quantises: experts in one stack are none."""
    return model.structure.of("linear", "gate")


def expert_parameters(model: BaseModelSpec) -> int:
    """Weights of the experts."""
    return model.structure.of("expert")


def embedding_parameters(model: BaseModelSpec) -> int:
    """Weights of the input embedding and of the output head, once where they are the same."""
    return model.vocabulary * model.hidden_size * (1 if model.is_tied else 2)


def active_parameters(model: BaseModelSpec) -> int:
    """n of the FLOPs rules: what a token passes, without the input embedding, with the output head."""
    structure = model.structure
    experts = structure.of("expert") * structure.active_experts // structure.experts
    return structure.of("linear", "gate", "router") + experts + model.vocabulary * model.hidden_size


def query_width(model: BaseModelSpec) -> int:
    """What the query projection gives."""
    return model.attention_heads * model.head_size


def key_value_width(model: BaseModelSpec) -> int:
    """What the key projection gives, and the value projection."""
    return model.key_value_heads * model.head_size
