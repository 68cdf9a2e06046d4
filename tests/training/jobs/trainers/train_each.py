"""Trains emitted jobs, and resumes each as if it had been killed: `python train_each.py MODEL SCRIPT [MODEL SCRIPT …]`.

Six steps each; a kill may leave a whole checkpoint, here of the fourth, and half written ones after it. Prints
one JSON object: by script, the log of the whole training, that of the resumed one, and what was said of checkpoints.
In one process, because most of the time of a short training is that of the imports.
"""

import contextlib
import io
import json
import os
import runpy
import shutil
import signal
import sys
from pathlib import Path

import transformers

# 32 rows a step, so that the break is within the second pass.
SETTINGS = {
    "max_steps": 6,
    "per_device_train_batch_size": 8,
    "gradient_accumulation_steps": 4,
    "save_steps": 2,
    "eval_steps": 2,
    "save_total_limit": 9,
    "max_length": 256,
}


def train(model, script, *options):
    settings = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
    sys.argv = [script, "--model", model, *settings, *options]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        runpy.run_path(script, run_name="__main__")
    return said.getvalue()


def cut_off(file):
    file.write_bytes(file.read_bytes()[:-9])


def log(output):
    return json.loads((output / "trainer_state.json").read_text())["log_history"]


def train_twice(model, script):
    output = Path(script).parent / "output"
    train(model, script)
    found = {"whole": log(output), "metrics": json.loads((output / "metrics.json").read_text())}
    for name in ("trainer_state.json", "metrics.json"):
        (output / name).unlink()
    shutil.rmtree(output / "adapter")
    shutil.copytree(output / "checkpoint-6", output / "checkpoint-8")
    cut_off(output / "checkpoint-8/adapter_model.safetensors")
    cut_off(output / "checkpoint-6/trainer_state.json")
    said = train(model, script, "--resume")
    return found | {"resumed": log(output), "said": [line for line in said.splitlines() if "checkpoint" in line]}


class InterruptedAt(transformers.TrainerCallback):
    """Somebody asks for the end within a step."""

    step = None

    def on_step_begin(self, args, state, control, **others):
        if state.global_step + 1 == self.step:
            os.kill(os.getpid(), signal.SIGINT)


def train_interrupted(model, script):
    """Interrupted in the third step, and gone on with; what it told of itself stands in a journal."""
    output = Path(script).parent / "output"
    shutil.rmtree(output)
    journal = output.parent / "journal.jsonl"
    os.environ["LORA_JOURNAL"] = str(journal)
    transformers.trainer.DEFAULT_CALLBACKS.append(InterruptedAt)
    InterruptedAt.step = 3
    try:
        train(model, script)
    except SystemExit as end:
        code = end.code
    InterruptedAt.step = None
    told = train(model, script, "--resume")
    del os.environ["LORA_JOURNAL"]
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    said = [line for line in told.splitlines() if "checkpoint" in line]
    return {"code": code, "said": said, "journal": lines, "log": log(output)}


arguments = sys.argv[1:]
pairs = zip(arguments[::2], arguments[1::2], strict=True)
found = {script: train_twice(model, script) for model, script in pairs}
found["interrupted"] = train_interrupted(*arguments[:2])
print(json.dumps(found))
