"""Promises of `pipeline.training.setup` and of the setting that it reads."""

import pytest

from pipeline.catalogues.nearest import did_you_mean
from pipeline.errors import SettingsError
from pipeline.settings import load_settings
from pipeline.trainers.registry import WRITTEN
from pipeline.training.setup import Setup, parse_plans, plans_of


def test_every_combination_of_a_plan_is_a_set_up_and_none_is_there_twice():
    setups = parse_plans("Qwen3-8B,Qwen3-4B balanced L4,RTX-4090 trl,axolotl; Qwen3-8B balanced L4 trl,axolotl;")

    targets = ("trl", "axolotl")
    assert setups == tuple(
        Setup(model, "balanced", gpu, targets=targets)
        for model in ("Qwen3-8B", "Qwen3-4B")
        for gpu in ("L4", "RTX-4090")
    )


def test_no_plan_is_no_set_up():
    assert parse_plans(" ; ") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Qwen3-8B", "expected models presets GPUs trainers, each a list with commas and no blanks, found 'Qwen3-8B'"),
        ("m strong g trl", "expected presets of conservative, balanced, aggressive, found 'strong'"),
        (
            "m balanced g axolotll",
            f"trainers: expected some of {', '.join(WRITTEN)}, found 'axolotll'{did_you_mean('axolotll', WRITTEN)}",
        ),
    ],
)
def test_a_plan_that_cannot_be_read_names_its_setting(text, message, tmp_path):
    settings = load_settings(data_dir=tmp_path, training_plans=text)

    with pytest.raises(SettingsError) as caught:
        plans_of(settings)

    assert str(caught.value) == f"LORA_TRAINING_PLANS: {message}"


def test_the_default_plan_is_one_job():
    assert len(parse_plans(load_settings().training_plans)) == 1


def test_a_set_up_is_named_for_people():
    setup = Setup("Qwen3-8B", gpu="L4", gpu_count=2, method="qlora", targets=("trl", "unsloth"))

    assert str(setup) == "Qwen3-8B, balanced, qlora, 2 × L4, trl, unsloth"
