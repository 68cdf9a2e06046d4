"""Counts parameters from a model's dimensions: all of them, those that a token passes, those that adapters add.

Norms and biases are left out of counts by dimensions; they are less than a thousandth.
"""

from dataclasses import dataclass

from pipeline.catalogues.models import BaseModelSpec


@dataclass(frozen=True, slots=True)
class AdapterParameters:
    """What LoRA adds for each rank on all linear layers (every expert has its own; routers and heads have none)."""

    attention: int
    mlp: int

    @property
    def total(self) -> int:
        """Of both."""
        return self.attention + self.mlp


def adapter_parameters_per_rank(model: BaseModelSpec) -> AdapterParameters:
    """An adapter of rank r on a linear layer from m to n has r·(m + n) parameters."""
    width, queries, keys = model.hidden_size, query_width(model), key_value_width(model)
    attention = (width + queries) + 2 * (width + keys) + (queries + width)
    mlp = model.experts * 3 * (width + model.intermediate_size)
    return AdapterParameters(model.layers * attention, model.layers * mlp)


def adapter_parameters(model: BaseModelSpec, rank: int) -> int:
    """Trainable parameters of LoRA with this rank on all linear layers."""
    return rank * adapter_parameters_per_rank(model).total


def layer_parameters(model: BaseModelSpec) -> int:
    """Weights of the linear layers of all blocks, all experts counted."""
    return model.layers * (_attention(model) + model.experts * _expert(model))


def embedding_parameters(model: BaseModelSpec) -> int:
    """Weights of the input embedding and of the output head, once where they are the same."""
    return model.vocabulary * model.hidden_size * (1 if model.is_tied else 2)


def active_parameters(model: BaseModelSpec) -> int:
    """N of the FLOPs rules: what a token passes, without the input embedding, with the output head."""
    blocks = model.layers * (_attention(model) + model.active_experts * _expert(model))
    return blocks + model.vocabulary * model.hidden_size


def query_width(model: BaseModelSpec) -> int:
    """What the query projection gives."""
    return model.attention_heads * model.head_size


def key_value_width(model: BaseModelSpec) -> int:
    """What the key projection gives, and the value projection."""
    return model.key_value_heads * model.head_size


def _attention(model: BaseModelSpec) -> int:
    return 2 * model.hidden_size * (query_width(model) + key_value_width(model))


def _expert(model: BaseModelSpec) -> int:
    return 3 * model.hidden_size * model.intermediate_size
