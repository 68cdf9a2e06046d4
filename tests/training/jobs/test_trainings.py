"""An emitted job trains; on a CPU, with nothing downloaded (`environments.py`)."""

import json
import math
from pathlib import Path

import pytest

from tests.services import LLAMA_FACTORY, TRAINERS
from tests.training.jobs.case_values import VALUES
from tests.training.jobs.environments import SCRIPTS

pytestmark = pytest.mark.needs_trainers

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
        # Of some 30 runs on a busy machine one process of Gloo's ended in an abort of its own.
        *("--max_restarts", "1"),
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
