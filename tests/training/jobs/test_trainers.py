"""The trainers' own classes take what we emit, and an emitted job trains; on a CPU, with nothing downloaded.

Each check is a script of `trainers/` that runs in an environment of its own, which `tests/install_trainers.sh` sets up.
"""

import json
import math
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pipeline.catalogues.reading import load_models
from pipeline.trainers.strict_keys import recorded_keys, recorded_lock, recorded_versions
from pipeline.training.jobs.rendering import render_job
from tests.services import LLAMA_FACTORY, MISTRAL, TRAINERS
from tests.trainers.acceptance.agreement import acceptances, disagreements
from tests.trainers.acceptance.variants import variants
from tests.training.jobs.datasets import ready
from tests.training.jobs.goldens import CASES, targets_of

pytestmark = pytest.mark.needs_trainers

SCRIPTS = Path(__file__).parent / "trainers"
CHECKED = ("trl", "axolotl", "together", "openai")
OPENAI_VALUES = {"n_epochs": 3, "batch_size": 4, "learning_rate_multiplier": "auto"}
VALUES = {
    "chat": {"learning_rate": 2e-4, "max_length": 1024, "rank": 16},
    "context-only-answers": {"learning_rate": 1e-4, "max_length": 512, "rank": 8},
    "tools": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "small-gpu": {"learning_rate": 2.86e-4, "max_length": 512, "rank": 64},
    "two-gpus": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "full": {"learning_rate": 2e-5, "max_length": 512, "rank": None},
    "preferences": {"learning_rate": 5e-6, "max_length": 512, "rank": 16, "objective": "preference", "beta": 0.1},
    "judgements": {"learning_rate": 1e-6, "max_length": 512, "rank": 8, "objective": "kto", "beta": 0.1},
    "sharded": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "sharded-qlora": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "texts": {"learning_rate": 2e-4, "max_length": 64, "rank": 16, "objective": "text"},
}


# What most scripts import, and what emitted ones do. Not Axolotl, which changes other libraries.
SHARED = {
    TRAINERS: ("datasets", "trl.trainer.sft_trainer", "trl.trainer.dpo_trainer", "trl.trainer.kto_trainer"),
    LLAMA_FACTORY: ("datasets", "peft", "transformers.trainer"),
    MISTRAL: (),
}
NOT_INSTALLED = {"llama-factory": {"bitsandbytes"}}  # its version is a solver's word


class Environments:
    """Runs scripts where the trainers are. home: for what their libraries keep between runs."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._warm: dict[Path, subprocess.Popen[str]] = {}
        variables = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "TOKENIZERS_PARALLELISM": "false"}
        self._variables = {"PATH": os.environ["PATH"], "HOME": str(home), "OMP_NUM_THREADS": "1", **variables}

    def run(self, environment: Path, script: str | Path, *arguments: object) -> str:
        """What a script printed: one of `trainers/`, or another by its path. What they share is imported once."""
        printed, said = self._home / "printed", self._home / "said"
        printed.write_bytes(b"")
        said.write_bytes(b"")
        process = self._process(environment)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([*map(str, (printed, said, SCRIPTS / script, *arguments))]) + "\n")
        process.stdin.flush()
        code = process.stdout.readline().strip()
        assert code == "0", said.read_text("utf-8", "replace")[-40_000:]  # of several processes the first end counts
        return printed.read_text("utf-8")

    def last_line(self, environment: Path, script: str, *arguments: object) -> object:
        """Its last line, read as JSON."""
        return json.loads(self.run(environment, script, *arguments).splitlines()[-1])

    def _process(self, environment: Path) -> "subprocess.Popen[str]":
        if environment not in self._warm:
            self._warm[environment] = subprocess.Popen(
                [environment / "bin/python", SCRIPTS / "warm.py", *SHARED[environment]],
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._warm[environment]

    def end(self) -> None:
        for process in self._warm.values():
            process.communicate()


@contextmanager
def open_environments(home: Path) -> Iterator[Environments]:
    environments = Environments(home)
    yield environments
    environments.end()


@pytest.fixture(scope="module")
def environments(tmp_path_factory) -> Iterator[Environments]:
    with open_environments(tmp_path_factory.mktemp("home")) as environments:
        yield environments


@pytest.fixture(scope="module")
def models(environments, tmp_path_factory) -> Path:
    """Tiny models by what their chat template is: marked, unmarked, none."""
    folder = tmp_path_factory.mktemp("models")
    environments.run(TRAINERS, "tiny_model.py", folder)
    return folder


@pytest.fixture(scope="module")
def case_folders(tmp_path_factory) -> dict[str, Path]:
    """Every golden case, rendered with its data."""
    folders = {}
    for name, case in CASES.items():
        folder = tmp_path_factory.mktemp(name)
        with ready(folder, case.rows) as dataset:
            job = case.job(dataset.facts, targets_of(name))
            folders[name] = render_job(job, dataset.rows, folder / "job").folder
    return folders


def test_the_trainers_own_classes_take_every_job(environments, case_folders):
    """The same files as in `golden/`, with the values that the classes made of them."""
    expected = {
        f"{case_folders[name]}:{target}": OPENAI_VALUES if target == "openai" else VALUES[name]
        for name in CASES
        for target in targets_of(name)
        if target in CHECKED
    }

    assert environments.last_line(TRAINERS, "check_configs.py", *expected) == expected


def _refused(needs: list[str], locked: dict[str, str]) -> list[str]:
    """What a package asks for that the locked versions are not."""
    asked = [Requirement(each) for each in needs if "extra ==" not in each]
    return [str(each) for each in asked if each.name in locked and locked[each.name] not in each.specifier]


@pytest.mark.parametrize(
    ("environment", "targets"), [(TRAINERS, CHECKED), (LLAMA_FACTORY, ("llama-factory",))], ids=["trl", "llama-factory"]
)
def test_the_recorded_keys_are_those_of_the_classes(environments, environment, targets):
    """And the versions of `requirements.txt` are those installed, or at least what the trainer's package asks for."""
    found = environments.last_line(environment, "record_keys.py", *targets)

    for target in targets:
        assert found[target]["versions"] == recorded_versions(target)
        locked = {name: version for part in recorded_lock(target).values() for name, version in part.items()}
        assert _refused(found[target]["needs"], locked) == []
        if target != "axolotl":  # it stands in TRL's environment, beside newer packages than it asks for
            installed = {name: version.partition("+")[0] for name, version in found[target]["installed"].items()}
            assert {name: installed.get(name, version) for name, version in locked.items()} == locked
            assert locked.keys() - installed.keys() == NOT_INSTALLED.get(target, set())
        assert {part: frozenset(keys) for part, keys in found[target]["keys"].items()} == {
            part: recorded_keys(target, part) for part in found[target]["keys"]
        }


TRAINED = {"chat": "marked", "preferences": "none", "judgements": "none", "texts": "none"}


@pytest.fixture(scope="module")
def trained(environments, models, case_folders) -> dict[str, dict[str, object]]:
    """What came of six steps of emitted scripts, and of the same resumed after four (`train_each.py`)."""
    scripts = {name: case_folders[name] / "trl/train.py" for name in TRAINED}
    arguments = [each for name, script in scripts.items() for each in (models / TRAINED[name], script)]

    found = environments.last_line(TRAINERS, "train_each.py", *arguments)

    return {name: found[str(script)] for name, script in scripts.items()} | {"interrupted": found["interrupted"]}


def _logged(log: list[dict[str, float]], what: str) -> dict[int, float]:
    """By step, the last figure of that name."""
    return {entry["step"]: entry[what] for entry in log if what in entry}


@pytest.mark.parametrize("name", TRAINED)
def test_an_emitted_job_trains(trained, case_folders, name):
    """Losses are numbers, the base model and the best checkpoint are evaluated, an adapter is written."""
    log, metrics = trained[name]["whole"], trained[name]["metrics"]
    losses, evaluated = _logged(log, "loss"), _logged(log, "eval_loss")

    assert (list(losses), list(evaluated)) == ([1, 2, 3, 4, 5, 6], [0, 2, 4, 6])
    assert all(math.isfinite(loss) and loss > 0 for loss in (*losses.values(), *evaluated.values()))
    assert metrics["eval_loss_before"] == evaluated[0]
    assert metrics["eval_loss"] == pytest.approx(min(evaluated[step] for step in (2, 4, 6)), rel=1e-6)
    adapter = case_folders[name] / "trl/output/adapter"
    assert (adapter / "adapter_model.safetensors").stat().st_size > 10_000
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == VALUES[name]["rank"]


def test_first_losses_are_those_of_the_base_model(trained):
    """DPO begins at ln 2 and KTO at 1/2, as the reference is the model itself; a text's token is any of 400.

    Of the first 32 judgements 10 are of answers that were not liked, which count 1.75.
    """
    first_losses = {"preferences": math.log(2), "judgements": 0.5 * (22 + 10 * 1.75) / 32, "texts": math.log(400)}

    assert {name: _logged(trained[name]["whole"], "loss")[1] for name in first_losses} == pytest.approx(
        first_losses, rel=0.05
    )


@pytest.mark.parametrize("name", TRAINED)
def test_a_resumed_job_has_the_losses_of_one_without_a_break(trained, name):
    """From the newest checkpoint that is whole, in the middle of the second pass over the rows."""
    whole, resumed = trained[name]["whole"], trained[name]["resumed"]

    assert trained[name]["said"] == [
        "checkpoint-8 is passed over: adapter_model.safetensors is not whole",
        "checkpoint-6 is passed over: trainer_state.json is not there or not whole",
        "goes on from checkpoint-4",
    ]
    for what in ("loss", "eval_loss", "learning_rate"):
        assert _logged(resumed, what) == pytest.approx(_logged(whole, what), rel=1e-6)


def test_an_interrupted_job_leaves_a_checkpoint_and_ends_with_the_same_loss(trained):
    """And tells all of it in its journal."""
    whole, broken = trained["chat"]["whole"], trained["interrupted"]

    assert (broken["code"], broken["said"]) == (130, ["goes on from checkpoint-3"])
    assert _logged(broken["log"], "loss") == pytest.approx(_logged(whole, "loss"), rel=1e-6)
    told = [line for line in broken["journal"] if line["kind"] == "metrics"]
    losses = {line["step"]: line["values"]["loss"] for line in told if "loss" in line["values"]}
    assert losses == pytest.approx(_logged(whole, "loss"), rel=1e-6)
    assert {(line["total_steps"], *line["broken"]) for line in told} == {(6,)}
    assert [line["kind"] for line in broken["journal"]][-1] == "finished"
    assert [line["step"] for line in broken["journal"] if line["kind"] == "checkpoint"] == [2, 3, 4, 6]


def test_a_model_that_two_processes_share_out_trains(environments, models, case_folders):
    """Two steps with the emitted `accelerate.yaml`, on CPUs (`on_cpus.py`); the adapter is as whole as that of one."""
    folder = case_folders["sharded"] / "trl"
    options = [part for key in ("max_steps=2", "save_steps=1", "eval_steps=1") for part in ("--set", key)]

    environments.run(
        TRAINERS,
        TRAINERS / "bin/accelerate",
        *("launch", "--config_file", folder / "accelerate.yaml", "--mixed_precision", "no"),
        *(
            "--max_restarts",
            "1",
        ),  # of some 30 runs on a busy machine one process of Gloo's ended in an abort of its own
        *(SCRIPTS / "on_cpus.py", folder / "train.py", "--model", models / "marked", *options),
    )

    log = json.loads((folder / "output/trainer_state.json").read_text())["log_history"]
    assert (list(_logged(log, "loss")), list(_logged(log, "eval_loss"))) == ([1, 2], [0, 1, 2])
    assert all(math.isfinite(loss) for loss in _logged(log, "loss").values())
    assert (folder / "output/checkpoint-2/pytorch_model_fsdp.bin").is_file()
    shapes = {name: each["shape"] for name, each in _tensors(folder / "output/adapter").items()}
    assert len(shapes) == 2 * 7 * 2  # layers, linear layers of each, and the two matrices of an adapter
    assert shapes["base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"] == [16, 64]


def test_a_model_that_two_processes_share_out_by_zero3_trains(environments, models, case_folders):
    """Five steps with the emitted `ds_z3_config.json`, on CPUs; what is kept of the adapter is whole."""
    folder = case_folders["sharded"] / "llama-factory"

    found = environments.last_line(LLAMA_FACTORY, "share_out.py", folder, models / "unmarked")

    assert found["kind"] == "DEEPSPEED"
    losses, evaluations = _logged(found["log"], "loss"), _logged(found["log"], "eval_loss")
    assert (list(losses), list(evaluations)) == ([1, 2, 3, 4, 5], [0, 5])
    assert all(math.isfinite(loss) for loss in (*losses.values(), *evaluations.values()))
    assert (folder / "output/checkpoint-5/zero_to_fp32.py").is_file()
    shapes = {name: each["shape"] for name, each in _tensors(folder / "output").items()}
    assert len(shapes) == 2 * 7 * 2
    assert shapes["base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"] == [16, 64]


def _tensors(folder: Path) -> dict[str, dict[str, object]]:
    """The header of an adapter's file."""
    data = (folder / "adapter_model.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return {name: each for name, each in header.items() if name != "__metadata__"}


def test_acceptance_is_what_loaders_and_checkers_say_of_200_files(environments, tmp_path):
    """Each disagreement stands in `agreement.py` with its reason."""
    files = tmp_path / "files"
    files.mkdir()
    for variant in variants():
        (files / variant.name).write_bytes(variant.data)

    newest = environments.last_line(TRAINERS, "load_files.py", files)
    oldest = environments.last_line(LLAMA_FACTORY, "load_files.py", files)
    mistral = environments.last_line(MISTRAL, "check_mistral.py", files)

    found: list[str] = []
    for path in sorted(files.iterdir()):
        ours = acceptances(path, tmp_path / path.stem)
        said = {**newest["files"][path.name], **oldest["files"][path.name]}
        said |= {"newest": newest["files"][path.name]["datasets"], "oldest": oldest["files"][path.name]["datasets"]}
        said |= {"mistral": mistral["files"][path.name]}
        found += disagreements(path, ours, said)
    assert (len(list(files.iterdir())), oldest["version"]) == (len(variants()), "4.0.0")
    assert found == []


def test_axolotl_reads_judgements_and_texts(environments, models, case_folders):
    """What its own strategies make of the first row of each: the prompt apart from what is judged."""
    folders = {name: case_folders[name] / "axolotl" for name in ("preferences", "judgements", "texts")}

    found = environments.last_line(TRAINERS, "read_axolotl.py", models / "unmarked", *folders.values())

    assert {name: found[str(folder)] for name, folder in folders.items()} == {
        "preferences": {
            "prompt": "<|user|>Question 0.0: how bread keeps in town 0?</s><|assistant|>",
            "chosen": "Answer 0.0: bread keeps, 0 times.</s>",
            "rejected": "No idea, 0.</s>",
        },
        "judgements": {
            "prompt": "<|start_header_id|>user<|end_header_id|>\n\nQuestion 0.0: how bread keeps in town 0?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
            "completion": "Answer 0.0: bread keeps, 0 times.<|eot_id|>",
            "label": False,
        },
        "texts": ["bread keeps in town 0, as told for 0 years.</s>"],
    }


LEARNED = {
    ("chat", "marked"): [
        ["Answer 0.0: bread keeps, 0 times.</s>"],
        ["Answer 1.0: rain keeps, 1 times.</s>", "Answer 1.1: rain keeps, 1 times.</s>"],
    ],
    ("chat", "unmarked"): [["Answer 0.0: bread keeps, 0 times.</s>"], ["Answer 1.0: rain keeps, 1 times.</s>"]],
    ("context-only-answers", "marked"): [
        ["Answer 0.1: bread keeps, 0 times.</s>"],
        ["Answer 1.1: rain keeps, 1 times.</s>"],
    ],
    ("tools", "none"): [
        [
            '\n<tool_call>{"name": "forecast", "arguments": {"town": "town 0", "days": 0}}</tool_call></s>',
            "It will be 0 degrees.</s>",
        ],
        [
            '\n<tool_call>{"name": "forecast", "arguments": {"town": "town 1", "days": 1}}</tool_call></s>',
            "It will be 1 degrees.</s>",
        ],
    ],
}


def test_trl_learns_the_supervised_turns_and_nothing_else(environments, models, case_folders):
    """The labels that TRL makes of our rows, decoded; whatever the model's chat template can say."""
    runs = {run: (case_folders[run[0]] / "trl/train.py", models / run[1]) for run in LEARNED}

    found = environments.last_line(TRAINERS, "learned_text.py", *(each for run in runs.values() for each in run))

    assert {run: found[f"{script} {model}"][:2] for run, (script, model) in runs.items()} == LEARNED


def test_axolotl_learns_the_supervised_turns_and_nothing_else(environments, models, case_folders):
    """The labels that Axolotl's own strategy makes of our rows, decoded."""
    folders = {name: case_folders[name] / "axolotl" for name in ("chat", "context-only-answers", "tools")}

    found = environments.last_line(TRAINERS, "learned_axolotl.py", models / "unmarked", *folders.values())

    assert {name: found[str(folder)] for name, folder in folders.items()} == {
        "chat": LEARNED["chat", "marked"],
        "context-only-answers": LEARNED["context-only-answers", "marked"],
        "tools": [
            ['{"town": "town 0", "days": 0}</s>', "It will be 0 degrees.</s>"],
            ['{"town": "town 1", "days": 1}</s>', "It will be 1 degrees.</s>"],
        ],
    }


def test_llama_factory_reads_our_files_and_learns_the_supervised_turns_alone(environments, models, case_folders):
    """Its own reader of arguments takes the file, its own loader makes the labels; it knows every template we name."""
    learned = {
        "chat": [
            "Answer 0.0: bread keeps, 0 times.<|eot_id|>",
            "Answer 1.0: rain keeps, 1 times.<|eot_id|>Answer 1.1: rain keeps, 1 times.<|eot_id|>",
        ],
        "context-only-answers": [
            "Answer 0.1: bread keeps, 0 times.<|eot_id|>",
            "Answer 1.1: rain keeps, 1 times.<|eot_id|>",
        ],
        "preferences": [
            ["Answer 0.0: bread keeps, 0 times.<|eot_id|>", "No idea, 0.<|eot_id|>"],
            ["Answer 1.0: rain keeps, 1 times.<|eot_id|>", "No idea, 1.<|eot_id|>"],
        ],
        "judgements": [
            ["Answer 0.0: bread keeps, 0 times.<|eot_id|>", False],
            ["Answer 1.1: rain keeps, 1 times.<|eot_id|>", True],
        ],
    }
    folders = {name: case_folders[name] / "llama-factory" for name in learned}

    found = environments.last_line(
        LLAMA_FACTORY,
        "check_llama_factory.py",
        models / "unmarked",
        *folders.values(),
        case_folders["texts"] / "llama-factory",
    )

    jobs = {name: found["jobs"][str(folder)] for name, folder in folders.items()}
    texts = found["jobs"][str(case_folders["texts"] / "llama-factory")]
    [first, second] = texts.pop("learned")
    assert (first + second).startswith("bread keeps in town 0, as told for 0 years.<|end_of_text|>rain keeps in town 1")
    assert texts == VALUES["texts"] | {"max_length": 63}  # it keeps one token for itself when it packs
    assert jobs == {name: VALUES[name] | {"learned": texts} for name, texts in learned.items()}
    assert {model.template for model in load_models().values()} <= set(found["templates"])
