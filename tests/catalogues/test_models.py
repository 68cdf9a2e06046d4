"""The catalogue of base models, how one is found in it, and what the user's file changes."""

import tomllib

import pytest
from pydantic import ValidationError

from pipeline.catalogues import BaseModelSpec, find_model, load_models
from pipeline.catalogues.structures import other_tables
from pipeline.errors import UsageError
from pipeline.training.parameters import embedding_parameters, layer_parameters

_OWN = """
[[models]]
name = "llama-3.1-8b"
hub_id = "acme/llama"
parameters = 8_030_261_248
layers = 32
hidden_size = 4096
intermediate_size = 14336
vocabulary = 128256
attention_heads = 32
key_value_heads = 8
head_size = 128
is_tied = false
context_length = 8192
template = "llama3"
licence = "ours"
source = "our own"
as_of = 2026-01-02
"""


def test_models_of_all_sizes_and_kinds_are_known():
    models = load_models().values()

    assert len(models) >= 25
    assert min(model.parameters for model in models) < 0.6e9
    assert max(model.parameters for model in models) > 400e9
    assert sum(model.experts > 1 for model in models) >= 4


@pytest.mark.parametrize("model", load_models().values(), ids=lambda model: model.name)
def test_the_dimensions_of_a_model_make_its_parameters(model):
    """Norms and biases, which the count leaves out, are less than a hundredth."""
    tables = embedding_parameters(model) + other_tables(model.family.reader, model.config)
    counted = layer_parameters(model) + tables + model.tower_parameters

    assert counted == pytest.approx(model.parameters, rel=0.01)
    assert counted <= model.parameters


@pytest.mark.parametrize("name", ["Qwen3-8B", "qwen3-8b", "QWEN3 8b", "Qwen/Qwen3-8B", "qwen/qwen3-8b"])
def test_a_model_is_found_in_any_case_and_by_its_hub_id(name):
    assert find_model(name).name == "Qwen3-8B"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"experts": 8, "active_experts": 2}, "experts: found 8, and a llama has 1; model_type: expected that of its"),
        ({"model_type": "gpt9"}, "model_type 'gpt9' is not among those whose reading is tested"),
        ({"config": {"model_type": "llama", "hidden_size": 4096}}, "config: num_hidden_layers is missing"),
        ({"config": {"model_type": "llama", "hidden_size": "wide"}}, "hidden_size: expected a whole number from 1"),
        ({"config": {"model_type": "llama", "num_attention_heads": 0}}, "num_attention_heads: expected a whole number"),
        ({"config": 7}, "expected an object of fields, found int"),
    ],
)
def test_an_entry_that_makes_no_model_is_named_with_what_is_wrong(changes, said):
    entry = tomllib.loads(_OWN)["models"][0] | changes

    with pytest.raises(ValidationError) as caught:
        BaseModelSpec.model_validate(entry)

    assert said in str(caught.value)


def test_the_fields_of_a_config_are_all_that_an_entry_needs():
    entry = {
        **{key: value for key, value in tomllib.loads(_OWN)["models"][0].items() if not isinstance(value, bool)},
        "config": {
            **{"model_type": "qwen3_moe", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 96},
            **{"moe_intermediate_size": 32, "num_experts": 8, "num_experts_per_tok": 2, "vocab_size": 512},
            **{"num_attention_heads": 4, "tie_word_embeddings": True},
        },
    }
    for name in ("layers", "hidden_size", "intermediate_size", "vocabulary", "attention_heads", "key_value_heads"):
        del entry[name]
    del entry["head_size"]

    model = BaseModelSpec.model_validate(entry)

    assert (model.layers, model.experts, model.active_experts, model.is_tied) == (2, 8, 2, True)
    assert model.family.name == "qwen3_moe"


def test_an_unknown_model_names_the_nearest_ones():
    with pytest.raises(UsageError) as caught:
        find_model("Lama-3.1-8")

    assert str(caught.value) == (
        "no model 'Lama-3.1-8' is known; the nearest: Llama-3.1-8B, Llama-3-8B, Llama-3.1-70B; "
        "or give the path of its config.json"
    )


def test_the_users_entry_replaces_the_one_of_its_name(tmp_path):
    own = tmp_path / "models.toml"
    own.write_text(_OWN)

    models = load_models(own)

    assert len(models) == len(load_models())
    assert "Llama-3.1-8B" not in models
    assert models["llama-3.1-8b"].licence == "ours"
    assert find_model("Llama-3.1-8B", own).hub_id == "acme/llama"


def test_a_users_file_that_is_not_there_changes_nothing(tmp_path):
    assert load_models(tmp_path / "models.toml") == load_models()


def test_every_fault_of_the_users_file_is_named(tmp_path):
    own = tmp_path / "models.toml"
    own.write_text(_OWN.replace("layers = 32", "layers = 0").replace("licence", "license"))

    with pytest.raises(UsageError) as caught:
        load_models(own)

    assert str(caught.value) == (
        f"{own}: entries of [[models]] that cannot be used:\n"
        "  llama-3.1-8b, layers: Input should be greater than 0\n"
        "  llama-3.1-8b, licence: Field required\n"
        "  llama-3.1-8b, license: Extra inputs are not permitted"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[gpus]]\nname = 'x'\n", "expected [[models]] tables, found gpus"),
        ("[models]\nname = 'x'\n", "expected [[models]] tables, found models = {'name': 'x'}"),
        ("models = 3\n", "expected [[models]] tables, found models = 3"),
        ("not toml", "Expected '=' after a key"),
    ],
)
def test_a_users_file_of_another_form_is_refused(tmp_path, text, fault):
    own = tmp_path / "models.toml"
    own.write_text(text)

    with pytest.raises(UsageError) as caught:
        load_models(own)

    assert str(caught.value).startswith(f"{own}: {fault}")


@pytest.mark.parametrize(
    ("name", "hub_id"),
    [
        ("Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("qwen/qwen2.5-7b-instruct", "Qwen/Qwen2.5-7B-Instruct"),
        ("gemma-2-9b-it", "google/gemma-2-9b-it"),
        ("Mistral-7B-Instruct-v0.3", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("gemma-3-4b-it", "google/gemma-3-4b-it"),
    ],
)
def test_a_model_that_was_taught_to_answer_has_its_own_hub_id_and_the_dimensions_of_its_sibling(name, hub_id):
    found = find_model(name)

    sibling = next(model for model in load_models().values() if hub_id in (model.hub_id, model.instruct_hub_id))
    assert found.hub_id == hub_id
    assert (found.parameters, found.layers, found.template) == (sibling.parameters, sibling.layers, sibling.template)
