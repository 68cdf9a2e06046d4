"""Models from a config.json or from bare dimensions."""

import json

import pytest

from pipeline.catalogues import find_model, load_models, model_from_config, model_from_dimensions
from pipeline.errors import UsageError
from pipeline.training.parameters import active_parameters, adapter_parameters

_LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}
_QWEN_MOE = {
    **_LLAMA,
    "model_type": "qwen3_moe",
    "hidden_size": 2048,
    "head_dim": 128,
    "intermediate_size": 6144,
    "moe_intermediate_size": 768,
    "num_hidden_layers": 48,
    "num_key_value_heads": 4,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "vocab_size": 151936,
}
_GEMMA = {
    "model_type": "gemma3",
    "text_config": {
        "model_type": "gemma3_text",
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 34,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "vocab_size": 262144,
    },
}
_DIMENSIONS = ("layers", "hidden_size", "intermediate_size", "vocabulary", "attention_heads", "key_value_heads")
_SAME = (*_DIMENSIONS, "head_size", "is_tied", "experts", "active_experts")


@pytest.mark.parametrize(
    ("config", "known"), [(_LLAMA, "Llama-3.1-8B"), (_QWEN_MOE, "Qwen3-30B-A3B"), (_GEMMA, "Gemma-3-4B")]
)
def test_a_config_gives_the_dimensions_that_the_catalogue_has(tmp_path, config, known):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))

    found, expected = find_model(str(path)), find_model(known)

    assert {name: getattr(found, name) for name in _SAME} == {name: getattr(expected, name) for name in _SAME}
    assert found.parameters - found.tower_parameters == pytest.approx(
        expected.parameters - expected.tower_parameters, rel=0.001
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[]", "expected the config.json of a model, found no object"),
        ("{", "expected the config.json of a model: Expecting property name"),
        (json.dumps({**_LLAMA, "hidden_size": None}), "expected the config.json of a model that is known: "),
        ("{}", "expected the config.json of a model that is known: model_type is missing"),
        (
            json.dumps({**_LLAMA, "model_type": "deepseek_v32"}),
            "expected the config.json of a model that is known: model_type 'deepseek_v32' is not among those whose "
            "reading is tested: deepseek_v3, deepseek_v4, ernie4_5, ",
        ),
        (
            json.dumps({**_LLAMA, "num_attention_heads": 0}),
            "expected the config.json of a model that is known: num_att",
        ),
        (
            json.dumps({**_LLAMA, "num_key_value_heads": float("inf")}),
            "expected the config.json of a model that is known: num_key_value_heads: expected a whole number from 1",
        ),
        (
            json.dumps({**_LLAMA, "layer_types": "full_attention"}),
            "expected the config.json of a model that is known: layer_types: expected a list with a kind for",
        ),
        (
            json.dumps({**_QWEN_MOE, "num_experts_per_tok": 200}),
            "expected the config.json of a model that is known: experts: expected 1 to 128 of 128 for each token",
        ),
        (
            json.dumps({**_LLAMA, "num_hidden_layers": 10**6}),
            "expected the config.json of a model that is known: num_hidden_layers: expected up to 1,000",
        ),
        (
            json.dumps({**_QWEN_MOE, "num_experts": None}),
            "expected the config.json of a model that is known: num_experts is missing",
        ),
    ],
)
def test_a_config_that_cannot_be_used_says_what_is_wrong(tmp_path, text, fault):
    path = tmp_path / "config.json"
    path.write_text(text)

    with pytest.raises(UsageError) as caught:
        model_from_config(path)

    assert str(caught.value).startswith(f"{path}: {fault}")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"total_size": 2 * 8_030_261_248}, 8_030_261_248),
        ({"total_parameters": 8_040_000_000, "total_size": 5}, 8_040_000_000),
        ({}, 8_030_261_248),
    ],
)
def test_the_index_of_the_weights_has_the_last_word(tmp_path, told, expected):
    (tmp_path / "config.json").write_text(json.dumps(_LLAMA))
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": told, "weight_map": {}}))

    assert model_from_config(tmp_path / "config.json").parameters == expected


@pytest.mark.parametrize("more", [{"vision_config": {}}, {"num_nextn_predict_layers": 1}])
def test_what_is_not_loaded_is_no_difference(tmp_path, more):
    """The index counts a vision tower, and layers that guess further tokens; Transformers leaves both out."""
    (tmp_path / "config.json").write_text(json.dumps(_LLAMA | more))
    index = {"metadata": {"total_size": 2 * 8_500_000_000}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))

    assert model_from_config(tmp_path / "config.json").parameters == 8_030_261_248


def test_a_model_built_otherwise_than_its_fields_say_is_refused(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(_LLAMA))
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 2 * 9 * 10**9}}))

    with pytest.raises(UsageError) as caught:
        model_from_config(path)

    assert "its fields make 8,030,261,248 parameters, model.safetensors.index.json beside it says 9,000,000,000" in str(
        caught.value
    )


def test_a_config_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_model(str(tmp_path / "config.json"))

    assert str(caught.value) == (
        f"{tmp_path / 'config.json'}: expected the config.json of a model: no such file or directory"
    )


@pytest.mark.parametrize("name", ["Llama-3.1-8B", "Llama-3.2-3B", "Qwen2.5-7B", "Qwen2.5-32B", "Llama-3.1-405B"])
def test_bare_dimensions_give_back_heads_and_head_of_a_known_model(name):
    model = load_models()[name]

    found = model_from_dimensions(
        model.parameters, model.layers, model.hidden_size, model.intermediate_size, model.vocabulary
    )

    assert found.is_tied == model.is_tied
    assert adapter_parameters(found, 16) == adapter_parameters(model, 16)
    assert active_parameters(found) == active_parameters(model)


def test_dimensions_that_cannot_make_the_parameters_are_refused():
    with pytest.raises(UsageError) as caught:
        model_from_dimensions(70_000_000_000, 32, 4096, 14336, 128256)

    assert str(caught.value) == (
        "--parameters 70,000,000,000 does not fit the dimensions, which make about 7,236,222,976; "
        "a mixture of experts needs --model, or its config.json"
    )
