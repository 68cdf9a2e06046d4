"""Counts of parameters: what others publish of the same models."""

import pytest

from pipeline.catalogues import find_model
from pipeline.training.parameters import (
    active_parameters,
    adapted_share,
    adapter_parameters,
    embedding_parameters,
    layer_parameters,
)


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("Llama-3.1-8B", 851_968 + 1_769_472),
        ("Llama-3.1-70B", 4_096_000 + 8_847_360),
        ("Qwen3-8B", 958_464 + 1_769_472),
    ],
)
def test_adapters_for_each_rank_are_as_tinker_publishes_them(model, published):
    """Of attention and of the MLPs."""
    assert adapter_parameters(find_model(model), 1) == published


def test_adapters_grow_with_their_rank():
    assert adapter_parameters(find_model("Llama-3.1-8B"), 16) == 16 * (851_968 + 1_769_472)


def test_adapters_of_some_layers_are_counted_and_weighed_by_what_goes_through_them():
    model, names = find_model("Llama-3.1-8B"), ("q_proj", "v_proj")

    widths = 32 * (4096 + 4096 + 4096 + 1024)
    assert adapter_parameters(model, 8, names) == 8 * widths
    assert adapted_share(model, names) == widths / (851_968 + 1_769_472)
    assert adapted_share(model, ()) == 1


def test_a_tied_head_is_counted_once():
    untied, tied = find_model("Llama-3.1-8B"), find_model("Llama-3.2-1B")

    assert embedding_parameters(untied) == 2 * 128_256 * 4096
    assert embedding_parameters(tied) == 128_256 * 2048


def test_a_token_passes_the_head_and_not_the_input_embedding():
    model = find_model("Llama-3.1-8B")

    assert active_parameters(model) == layer_parameters(model) + 128_256 * 4096


@pytest.mark.parametrize(
    ("model", "active"), [("Qwen3-30B-A3B", 3.3e9), ("Mixtral-8x7B", 12.9e9), ("gpt-oss-20b", 3.6e9)]
)
def test_a_token_passes_few_experts(model, active):
    """As the models' makers publish it, which counts the input embedding or not."""
    assert active_parameters(find_model(model)) == pytest.approx(active, rel=0.12)
