"""The trainers' own classes take what we emit, and an emitted job trains; on a CPU, with nothing downloaded.

Each check is a script of `trainers/` that runs in an environment of its own, which `tests/install_trainers.sh` sets up.
"""

import json
import math
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.training.catalogues.reading import load_models
from pipeline.training.jobs.checking import recorded_keys, recorded_versions
from pipeline.training.jobs.rendering import render_job
from tests.services import LLAMA_FACTORY, TRAINERS
from tests.training.jobs.datasets import CONTEXT_ONLY, TOOLS, chat, ready
from tests.training.jobs.examples import planned
from tests.training.jobs.goldens import CASES

pytestmark = pytest.mark.needs_trainers

SCRIPTS = Path(__file__).parent / "trainers"
CHECKED = ("trl", "axolotl", "together", "openai")
TALKS = [chat(number, turns=1 + number % 2) for number in range(60)]


@dataclass(frozen=True, slots=True)
class Environments:
    """Runs scripts where the trainers are. home: for what their libraries keep between runs."""

    home: Path

    def run(self, environment: Path, script: Path, *arguments: object) -> str:
        """What the script printed."""
        variables = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(self.home), "TOKENIZERS_PARALLELISM": "false"}
        done = subprocess.run(
            [environment / "bin/python", script, *map(str, arguments)],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "OMP_NUM_THREADS": "2", **variables},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-4_000:]
        return done.stdout

    def last_line(self, environment: Path, script: str, *arguments: object) -> object:
        """Its last line, read as JSON."""
        return json.loads(self.run(environment, SCRIPTS / script, *arguments).splitlines()[-1])


@pytest.fixture(scope="module")
def environments(tmp_path_factory) -> Environments:
    return Environments(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def models(environments, tmp_path_factory) -> Path:
    """Tiny models by what their chat template is: marked, unmarked, none."""
    folder = tmp_path_factory.mktemp("models")
    environments.run(TRAINERS, SCRIPTS / "tiny_model.py", folder)
    return folder


@pytest.fixture
def job_folder(tmp_path, request) -> Iterator[Path]:
    """The folder of a job on the rows of the test's parameter."""
    with ready(tmp_path, request.param) as dataset:
        job = planned(dataset.facts, targets=("trl", "llama-factory"), max_length=512)
        yield render_job(job, dataset.rows, tmp_path / "job").folder


@pytest.fixture(scope="module")
def case_folders(tmp_path_factory) -> dict[str, Path]:
    """Every golden case, rendered with its data."""
    folders = {}
    for name, case in CASES.items():
        folder = tmp_path_factory.mktemp(name)
        with ready(folder, case.rows) as dataset:
            job = planned(dataset.facts, targets=case.targets, **case.options)
            folders[name] = render_job(job, dataset.rows, folder / "job").folder
    return folders


def test_the_trainers_own_classes_take_every_job(environments, case_folders):
    """The same files as in `golden/`, with the values that the classes made of them."""
    folders = [
        f"{folder}:{target}"
        for name, folder in case_folders.items()
        for target in CASES[name].targets
        if target in CHECKED
    ]

    results = environments.last_line(TRAINERS, "check_configs.py", *folders)

    rates = {
        "chat": 2e-4,
        "context-only-answers": 1e-4,
        "tools": 2e-4,
        "small-gpu": 2.86e-4,
        "two-gpus": 2e-4,
        "full": 2e-5,
    }
    ranks = {"chat": 16, "context-only-answers": 8, "tools": 16, "small-gpu": 64, "two-gpus": 16, "full": None}
    lengths = {"chat": 1024}
    assert results == {
        f"{folder}:{target}": {"n_epochs": 3, "batch_size": 4, "learning_rate_multiplier": "auto"}
        if target == "openai"
        else {"learning_rate": rates[name], "max_length": lengths.get(name, 512), "rank": ranks[name]}
        for name, folder in case_folders.items()
        for target in CASES[name].targets
        if target in CHECKED
    }


@pytest.mark.parametrize(
    ("environment", "targets"), [(TRAINERS, CHECKED), (LLAMA_FACTORY, ("llama-factory",))], ids=["trl", "llama-factory"]
)
def test_the_recorded_keys_are_those_of_the_classes(environments, environment, targets):
    found = environments.last_line(environment, "record_keys.py", *targets)

    for target in targets:
        assert found[target]["versions"] == recorded_versions(target)
        assert {part: frozenset(keys) for part, keys in found[target]["keys"].items()} == {
            part: recorded_keys(target, part) for part in found[target]["keys"]
        }


@pytest.mark.parametrize("job_folder", [TALKS], indirect=True, ids=["chat"])
def test_an_emitted_job_trains(environments, models, job_folder):
    """Five steps of the emitted script: the loss is a number, the adapter is written, the validation split is used."""
    script = job_folder / "trl/train.py"

    environments.run(TRAINERS, script, "--model", models / "marked", "--set", "max_steps=5", "--set", "max_length=256")

    output = job_folder / "trl/output"
    metrics = json.loads((output / "metrics.json").read_text())
    assert math.isfinite(metrics["train_loss"]) and metrics["train_loss"] > 0
    assert math.isfinite(metrics["eval_loss"]) and metrics["eval_loss"] > 0
    assert (output / "adapter/adapter_model.safetensors").stat().st_size > 10_000
    assert json.loads((output / "adapter/adapter_config.json").read_text())["r"] == 16
    state = json.loads(next(output.glob("checkpoint-5/trainer_state.json")).read_text())
    assert state["global_step"] == 5
    assert any("eval_loss" in entry for entry in state["log_history"])


def _learned(environments: Environments, job_folder: Path, model: Path) -> list[list[str]]:
    printed = environments.run(TRAINERS, SCRIPTS / "learned_text.py", job_folder / "trl/train.py", model)
    return [json.loads(line.removeprefix("LEARNED ")) for line in printed.splitlines() if line.startswith("LEARNED ")]


@pytest.mark.parametrize(
    ("job_folder", "model", "learned"),
    [
        (
            TALKS,
            "marked",
            [
                ["Answer 0.0: bread keeps, 0 times.</s>"],
                ["Answer 1.0: rain keeps, 1 times.</s>", "Answer 1.1: rain keeps, 1 times.</s>"],
            ],
        ),
        (TALKS, "unmarked", [["Answer 0.0: bread keeps, 0 times.</s>"], ["Answer 1.0: rain keeps, 1 times.</s>"]]),
        (CONTEXT_ONLY, "marked", [["Answer 0.1: bread keeps, 0 times.</s>"], ["Answer 1.1: rain keeps, 1 times.</s>"]]),
        (
            TOOLS,
            "none",
            [
                [
                    '\n<tool_call>{"name": "forecast", "arguments": {"town": "town 0", "days": 0}}</tool_call></s>',
                    "It will be 0 degrees.</s>",
                ],
                [
                    '\n<tool_call>{"name": "forecast", "arguments": {"town": "town 1", "days": 1}}</tool_call></s>',
                    "It will be 1 degrees.</s>",
                ],
            ],
        ),
    ],
    ids=["marked-template", "unmarked-template", "context-only-answers", "tools-without-template"],
    indirect=["job_folder"],
)
def test_trl_learns_the_supervised_turns_and_nothing_else(environments, models, job_folder, model, learned):
    """The labels that TRL makes of our rows, decoded; whatever the model's chat template can say."""
    assert _learned(environments, job_folder, models / model)[:2] == learned


@pytest.mark.parametrize(
    ("job_folder", "learned"),
    [
        (
            TALKS,
            [
                "Answer 0.0: bread keeps, 0 times.<|eot_id|>",
                "Answer 1.0: rain keeps, 1 times.<|eot_id|>Answer 1.1: rain keeps, 1 times.<|eot_id|>",
            ],
        ),
        (
            CONTEXT_ONLY,
            ["Answer 0.1: bread keeps, 0 times.<|eot_id|>", "Answer 1.1: rain keeps, 1 times.<|eot_id|>"],
        ),
    ],
    ids=["chat", "context-only-answers"],
    indirect=["job_folder"],
)
def test_llama_factory_learns_the_supervised_turns_and_nothing_else(environments, models, job_folder, learned):
    """Its own reader of arguments takes the file, its own loader makes the labels."""
    found = environments.last_line(
        LLAMA_FACTORY, "check_llama_factory.py", job_folder / "llama-factory", models / "unmarked"
    )

    assert (found["learning_rate"], found["max_length"], found["rank"]) == (2e-4, 512, 16)
    assert found["learned"][:2] == learned


def test_llama_factory_knows_the_template_of_every_base_model(environments):
    templates = sorted({model.template for model in load_models().values()})

    assert environments.last_line(LLAMA_FACTORY, "unknown_templates.py", *templates) == []
