"""Presets are what the reference says, and a user's file can replace them."""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.training.presets import find_preset, load_presets
from tests.training.jobs.examples import LLAMA_8B


def test_three_presets_from_mild_to_strong():
    assert list(load_presets()) == ["conservative", "balanced", "aggressive"]


def test_balanced_is_what_most_trainings_want():
    preset = find_preset("balanced")

    values = (preset.rank, preset.alpha, preset.max_epochs, preset.effective_batch, preset.schedule)
    assert values == (16, 32, 3, 16, "cosine")


@pytest.mark.parametrize(
    ("preset", "rates"),
    [
        ("conservative", [1e-4, 5e-5, 5e-5]),
        ("balanced", [2e-4, 1e-4, 1e-4]),
        ("aggressive", [4e-4, 2e-4, 1.7e-4]),
    ],
)
def test_the_rate_falls_with_the_models_size(preset, rates):
    sizes = [8e9, 32e9, 70e9]

    found = [find_preset(preset).learning_rate.of(LLAMA_8B.model_copy(update={"parameters": size})) for size in sizes]

    assert found == rates


def test_the_formula_knows_only_families_that_were_measured():
    formula = find_preset("aggressive").learning_rate_formula
    other = LLAMA_8B.model_copy(update={"name": "Granite-8B", "hub_id": "ibm/granite-8b"})

    assert formula.of(LLAMA_8B) == pytest.approx(5e-4 * (2000 / 4096) ** 0.781)
    assert formula.of(other) is None


def test_a_users_file_replaces_a_preset_of_the_same_name(tmp_path: Path):
    shipped = Path(load_presets.__code__.co_filename).with_name("presets.toml").read_text()
    own = tmp_path / "presets.toml"
    own.write_text("[[presets]]" + shipped.split("[[presets]]")[2].replace("rank = 16", "rank = 24"))

    presets = load_presets(own)

    assert {name: preset.rank for name, preset in presets.items()} == {
        "conservative": 8,
        "balanced": 24,
        "aggressive": 64,
    }


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(UsageError) as caught:
        find_preset("agressive")

    assert str(caught.value) == (
        "preset: expected one of conservative, balanced, aggressive, found 'agressive'; did you mean aggressive?"
    )


def test_a_users_file_with_an_unknown_key_is_refused(tmp_path: Path):
    own = tmp_path / "presets.toml"
    own.write_text('[[presets]]\nname = "balanced"\nranks = 3\n')

    with pytest.raises(UsageError, match="ranks: Extra inputs are not permitted"):
        load_presets(own)
