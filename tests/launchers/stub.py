"""A trainer of a few lines in place of a real one: it tells what an emitted script tells, and saves what one saves."""

import os
import shlex
import sys
from pathlib import Path

SCRIPT = """
import json, os, pathlib, signal, sys, time
STEPS, PAUSE_S, END = {steps}, {pause_s}, {end!r}
asked = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: asked.append(1))
def tell(kind, **values):
    line = json.dumps({{"kind": kind, "at": time.time(), **values}}) + "\\n"
    file = os.open(os.environ["LORA_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line.encode())
    os.close(file)
output = pathlib.Path("output")
output.mkdir(exist_ok=True)
saved = output / "checkpoint"
step = int(saved.read_text()) if "--resume" in sys.argv and saved.exists() else 0
with open("started", "a") as file:
    file.write(f"{{os.getpid()}}\\n")
print("token", os.environ.get("HF_TOKEN", ""), "secret", os.environ.get("AWS_SECRET_ACCESS_KEY", "none"), flush=True)
while step < STEPS:
    step += 1
    time.sleep(PAUSE_S)
    tell("metrics", step=step, total_steps=STEPS, epoch=step / STEPS, values={{"loss": 100 / step}}, broken=[])
    if asked:
        saved.write_text(str(step))
        sys.exit(130)
if END:
    print(END, file=sys.stderr)
    sys.exit(1)
(output / "adapter").mkdir(exist_ok=True)
(output / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
(output / "adapter" / "adapter_config.json").write_text("{{}}")
(output / "metrics.json").write_text(json.dumps({{"eval_loss_before": 2.0, "eval_loss": 1.0}}))
tell("finished")
"""


def write_stub(folder: Path, *, steps: int = 5, pause_s: float = 0.01, end: str = "") -> None:
    """Put the trainer where a job's is. end: what it prints when it fails instead of ending well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text(SCRIPT.format(steps=steps, pause_s=pause_s, end=end), "utf-8")


def stub_python(folder: Path, *, steps: int = 5, pause_s: float = 0.01, end: str = "") -> Path:
    """A Python for trainings here, in a new folder, that runs the stub where a job's script is meant."""
    folder.mkdir()
    write_stub(folder, steps=steps, pause_s=pause_s, end=end)
    python = folder / "python"
    # Under its own name, by which the runner starts what it runs in.
    become = f'exec -a "$0" {shlex.quote(os.path.realpath(sys.executable))}'
    stub = shlex.quote(str(folder / "train.py"))
    python.write_text(
        f'#!/bin/bash\nif [ "$1" = train.py ]; then {become} {stub} "${{@:2}}"; fi\n{become} "$@"\n', "utf-8"
    )
    python.chmod(0o755)
    return python
