"""A tiny random model of each family, loaded, quantised and adapted as jobs are emitted for it, on a CPU.

The fields of the models are in `tiny_families.json`; the scripts run where Transformers, PEFT and bitsandbytes are.
"""

import json
import math
import re
from dataclasses import replace
from itertools import cycle, product
from pathlib import Path

import pytest
import yaml

from pipeline.catalogues.by_name import find_gpu
from pipeline.catalogues.families import known_types, load_families
from pipeline.catalogues.model_config import model_from_config
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.reading import load_models
from pipeline.trainers.axolotl import axolotl_files
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.rendered import renderer
from pipeline.trainers.survey import Survey
from pipeline.trainers.trl import trl_files
from pipeline.trainers.workload import Workload
from pipeline.training.estimates.estimate import estimate
from pipeline.training.estimates.sharing import quantised_parameters
from pipeline.training.jobs.choosing import plan_job
from pipeline.training.parameters import adapter_parameters, layer_parameters
from pipeline.training.presets import find_preset
from tests.services import TRAINERS
from tests.training.jobs.examples import FACTS, gpu, planned

TINY = json.loads((Path(__file__).parent / "tiny_families.json").read_text())
RANK = 8
LIKE_LLAMA = set(load_families()["llama"].types) - {"llama"}  # the same layers by the same names
NO_DEFAULTS = {"qwen", "kimi_k2"}  # which Transformers has no classes of
SEEING = {"gemma3", "mistral3", "mistral3-mixture", "gemma4-vision"}


@pytest.mark.parametrize("family", [each for each in load_families().values() if each.lora], ids=lambda each: each.name)
def test_every_family_has_a_tiny_model(family):
    types = {fields["model_type"] for fields in TINY.values()}

    assert types & set(family.types or (family.name,))


@pytest.fixture(scope="module")
def made(environments, tmp_path_factory) -> tuple[Path, dict[str, dict[str, object]]]:
    """A folder with a model each, and what Transformers says of them."""
    folder = tmp_path_factory.mktemp("families")
    (folder / "tiny.json").write_text(json.dumps(TINY))
    printed = environments.run(TRAINERS, "tiny_families.py", folder, folder / "tiny.json")
    return folder, {each["name"]: each for each in map(json.loads, _objects(printed))}


def _objects(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith("{")]


@pytest.mark.needs_trainers
def test_a_config_gives_the_parameters_of_the_model(made):
    folder, known = made

    counted = {name: model_from_config(folder / name / "config.json").parameters for name in TINY}

    # Norms and biases are a few hundredths of so small a model; of a tower the positions, too.
    assert counted == {
        name: pytest.approx(each["parameters"], rel=0.2 if name in SEEING else 0.04) for name, each in known.items()
    }


@pytest.mark.needs_trainers
def test_a_config_of_real_size_is_counted_within_a_hundredth(environments, tmp_path):
    """Those that Transformers has by default: of a published model of each type, or as large."""
    types = [name for name in known_types() if name not in NO_DEFAULTS]

    counts = json.loads(environments.run(TRAINERS, "count_defaults.py", tmp_path, *types).splitlines()[-1])

    found = {name: model_from_config(tmp_path / name / "config.json").parameters for name in types}
    assert len(found) >= 25
    assert found == {name: pytest.approx(count, rel=0.01) for name, count in counts.items()}


@pytest.mark.needs_trainers
def test_what_is_estimated_is_what_is_quantised_and_trained(environments, made, tmp_path):
    """Parameter for parameter, for each family, trainer and method that is offered; nothing on routers and towers."""
    folder, _ = made
    jobs, expected = [], []
    for name in sorted(set(TINY) - LIKE_LLAMA):
        model = model_from_config(folder / name / "config.json")
        for trainer, method in [("trl", "lora"), ("axolotl", "qlora")] if model.experts > 1 else [("trl", "qlora")]:
            if trainer in model.family.trainers_for(method):
                jobs.append(_job(folder / name, model, trainer, method))
                expected.append((name, trainer, method, *_estimated(model, trainer, method)))
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    (tmp_path / "train.py").write_text(trl_files.template_file("trl/trl_train.py.txt"))

    printed = environments.run(TRAINERS, "adapt_families.py", tmp_path / "train.py", tmp_path / "jobs.json")

    found = [json.loads(line) for line in _objects(printed)]
    seen = [(*what[:3], each["quantised"], each["trainable"]) for what, each in zip(expected, found, strict=True)]
    assert seen == expected
    for what, each in zip(expected, found, strict=True):
        stray = [
            path for path in each["adapted"] if re.search(r"router|\.gate\.|expert_gate|vision|audio|projector", path)
        ]
        assert not stray, what
        assert math.isfinite(each["loss"]["value"]), what
        assert not each["loss"]["without_gradient"], what
        assert not each["missing"], what  # classes of layers that are shared out one by one


def _job(folder: Path, model: BaseModelSpec, trainer: str, method: str) -> dict[str, object]:
    """As `adapt_families.py` takes it, from the emitted files."""
    job = planned(model=model, on=gpu("H100", 80), targets=(trainer,), method=method, rank=RANK, max_length=128)
    files = trl_files if trainer == "trl" else axolotl_files
    config = yaml.safe_load(files.make_files(job, Survey())["config.yaml"])
    has_experts_quantised = bool(config.get("quantize_moe_experts"))
    if trainer == "axolotl":
        config = _as_trl(config)
    return {
        "model": str(folder),
        "config": config,
        "has_experts_quantised": has_experts_quantised,
        "layer_class": job.layer_class,
    }


def _as_trl(config: dict[str, object]) -> dict[str, object]:
    """What Axolotl's keys mean to PEFT and Transformers (axolotl 0.19, loaders/adapter.py and model.py)."""
    lora = {
        "r": config["lora_r"],
        "lora_alpha": config["lora_alpha"],
        "lora_dropout": config["lora_dropout"],
        "target_modules": "all-linear" if config.get("lora_target_linear") else config["lora_target_modules"],
        "target_parameters": config.get("lora_target_parameters"),
        "rank_pattern": config.get("lora_rank_pattern", {}),
        "alpha_pattern": config.get("lora_alpha_pattern", {}),
        "task_type": "CAUSAL_LM",
    }
    quantization = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "bfloat16"}
    auto_class = {"auto_class": "AutoModelForImageTextToText"} if "mistral3" in str(config["base_model"]) else {}
    return {
        "training": {"bf16": config["bf16"]},
        "lora": lora,
        **({"quantization": quantization} if config["load_in_4bit"] else {}),
        **auto_class,
    }


def _estimated(model: BaseModelSpec, trainer: str, method: str) -> tuple[int, int]:
    work = Workload(model, gpu("H100", 80), method, 128, 1, 1, rank=RANK, trainer=trainer)
    return quantised_parameters(work), adapter_parameters(model, RANK)


@pytest.mark.needs_trainers
def test_the_trainers_classes_take_jobs_of_every_family(environments, tmp_path):
    """Every model's family by every method that is offered, on one GPU and on eight, objectives by turns."""
    of_family = {model.family.name: model for model in load_models().values()}
    formats, arguments = cycle(("openai", "preference", "kto", "plain-text")), []
    for model, trainer, method, count in product(
        of_family.values(), ("trl", "axolotl"), ("lora", "qlora", "full"), (1, 8)
    ):
        if trainer in model.family.trainers_for(method):
            form = "openai" if method == "full" else next(formats)
            if (form, trainer) == ("kto", "axolotl"):
                form = "openai"  # Axolotl has its prompts for some chat templates alone
            folder = tmp_path / f"{model.name}-{trainer}-{method}-{count}-{form}"
            if _written(folder, model, trainer, method, count, form):
                arguments.append(f"{folder}:{trainer}")
    assert len(arguments) > 60

    found = environments.last_line(TRAINERS, "check_configs.py", *arguments)

    assert list(found) == arguments
    assert {name: each for name, each in found.items() if isinstance(each, str)} == {}


def _written(folder: Path, model: BaseModelSpec, trainer: str, method: str, count: int, form: str) -> bool:
    """Whether there is such a job; then its files lie in the folder."""
    facts = replace(FACTS, format=form, roles={"assistant": 2_000})
    job = plan_job(
        facts,
        model,
        find_gpu("B200"),
        count,
        find_preset("balanced"),
        method,
        (trainer,),
        {"effective_batch": "32"},
        estimate=estimate,
    )
    if not isinstance(job, TrainingJob):
        return False
    (folder / trainer).mkdir(parents=True)
    for name, text in renderer(trainer, job.objective).make_files(job, Survey(train_liked=9, train_rows=18)).items():
        (folder / trainer / name).write_text(text)
    return True


@pytest.mark.parametrize("name", TINY)
def test_a_tiny_model_is_of_one_family_and_all_its_weights_are_counted(name):
    fields = {"hidden_size": 64, **TINY[name], **TINY[name].get("text_config", {})}
    fields["model_type"] = TINY[name]["model_type"]

    model = BaseModelSpec.model_validate(
        {
            "name": name,
            "hub_id": name,
            "parameters": 1,
            "config": fields,
            "context_length": 256,
            "template": "default",
            "licence": "none",
            "source": "here",
            "as_of": "2026-11-29",
        }
    )

    assert layer_parameters(model) > 0
    assert (model.experts > 1) == bool(model.family.experts)
