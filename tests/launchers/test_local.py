"""Promises of `pipeline.launchers.local` and of the runner: trained once, found again, ended when asked, all told."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.launchers import runner
from pipeline.launchers.journal import read_journal
from pipeline.launchers.launcher import Order
from pipeline.launchers.local import LocalLauncher
from pipeline.state.catalog.attempt_records import Attempt
from tests.launchers.stub import write_stub
from tests.training.jobs.examples import planned

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ATTEMPT = Attempt(
    **dict.fromkeys(Attempt.__dataclass_fields__, None)
    | {"id": "job.1", "job_id": "job", "trainer": "trl", "created_at": NOON, "number": 1, "launcher": "local"}
)
SECRETS = {"AWS_SECRET_ACCESS_KEY": "never-passed-on-0001", "HF_TOKEN": "hf_abcdefghijklmnopqrstuvwx"}


class Here:
    """A launcher over a folder, with a stub as its trainer."""

    def __init__(self, folder: Path, **stub: object) -> None:
        self.launcher = LocalLauncher(
            folder / "trainings",
            Path(sys.executable),
            folder / "base_models",
            lambda _job, _trainer, place: write_stub(place, **stub),
            {"PATH": os.environ["PATH"], **SECRETS},
        )

    @property
    def place(self) -> Path:
        return self.launcher.place("job.1")

    def submit(self, attempt: Attempt = ATTEMPT, resumed_from: Attempt | None = None) -> str:
        return self.launcher.submit(Order(attempt, planned(), resumed_from))

    def told(self, attempt: Attempt = ATTEMPT):
        return read_journal(self.launcher.journal(attempt, 0).lines, 0)

    def wait_for(self, condition) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail((self.place / "runner.log").read_text())
            time.sleep(0.02)

    def ended(self):
        self.wait_for(lambda: self.launcher.poll(ATTEMPT).seen != "running")
        return self.told()

    def starts(self) -> list[str]:
        return (self.place / "job/trl/started").read_text().split()


def test_a_training_tells_what_it_does_and_leaves_its_model(tmp_path):
    here = Here(tmp_path)

    assert here.submit() == str(here.place)
    told = here.ended()

    assert (told.state, told.step, told.total_steps) == ("completed", 5, 5)
    assert [point.value for point in told.points] == [100 / step for step in range(1, 6)]
    assert sorted(here.launcher.model_files(ATTEMPT)) == [
        "metrics.json",
        "model/adapter_config.json",
        "model/adapter_model.safetensors",
    ]


def test_no_secret_reaches_the_trainer_or_the_journal(tmp_path):
    here = Here(tmp_path)
    here.submit()
    here.ended()

    assert "secret none" in (here.place / "train.log").read_text()
    everything = b"".join(
        path.read_bytes() for path in here.place.rglob("*") if path.name != "train.log" and path.is_file()
    )
    assert [name for name, value in SECRETS.items() if value.encode() in everything] == []


def test_submitted_again_it_is_trained_once(tmp_path):
    here = Here(tmp_path, pause_s=0.1)
    for _ in range(3):
        here.submit()
    command = [sys.executable, runner.__file__, str(here.place)]

    again = [subprocess.Popen(command) for _ in range(4)]

    assert [each.wait(30) for each in again] == [0] * 4
    here.ended()
    here.submit()
    assert len(here.starts()) == 1


@pytest.mark.parametrize("who", ["lease.json", "trainer.json"])
def test_whoever_is_killed_its_end_is_told(tmp_path, who):
    """Without its runner a training goes on, and is heard to its end; without its trainer it failed."""
    here = Here(tmp_path, steps=20, pause_s=0.05)
    here.submit()
    here.wait_for(lambda: here.told().step)

    os.kill(runner.living(here.place / who), signal.SIGKILL)
    told = here.ended()

    expected = ("completed", 20) if who == "lease.json" else ("failed", told.step)
    assert (told.state, told.step) == expected
    assert told.failure_class == (None if who == "lease.json" else "interrupted")
    assert len(here.starts()) == 1


def test_a_runner_that_dies_before_its_trainer_begins_leaves_none_behind(tmp_path):
    here = Here(tmp_path)
    here.launcher._prepare(here.place, Order(ATTEMPT, planned()))
    # As a process leaves it that was killed between its lease and its trainer.
    gone = {"pid": 2**22 - 1, "started": "0", "machine": runner.machine_start()}
    (here.place / "lease.json").write_text(json.dumps(gone))

    assert here.ended().state == "failed"
    late = subprocess.run(
        [sys.executable, runner.__file__, "--become", here.place / "trainer.json", "true"], check=False
    )
    assert late.returncode != 0


@pytest.mark.parametrize("is_watched", [True, False])
def test_cancelling_leaves_a_checkpoint_and_the_next_attempt_goes_on(tmp_path, is_watched):
    here = Here(tmp_path, steps=400, pause_s=0.02)
    here.submit()
    here.wait_for(lambda: (here.told().step or 0) > 3)
    if not is_watched:
        os.kill(runner.living(here.place / "lease.json"), signal.SIGKILL)

    def is_over() -> bool:
        here.launcher.cancel(ATTEMPT)  # as every look does
        return here.launcher.poll(ATTEMPT).seen != "running"

    here.wait_for(is_over)
    told = here.told()

    assert told.state == "cancelled"
    checkpoint = here.place / "job/trl/output/checkpoint"
    assert int(checkpoint.read_text()) == told.step < 400


def test_a_trainer_that_does_not_listen_is_killed(tmp_path):
    here = Here(tmp_path)
    folder = here.place
    folder.mkdir(parents=True)
    deaf = (
        "import signal, time; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN); "
        "open('deaf', 'w'); time.sleep(60)"
    )
    command = [sys.executable, runner.__file__, "--become", folder / "trainer.json", sys.executable, "-c", deaf]
    started = subprocess.Popen(command, start_new_session=True, cwd=folder)
    here.wait_for(lambda: (folder / "deaf").exists())

    assert runner.press(folder, 0.0)
    assert runner.press(folder, runner.INTERRUPT_S + 1)
    runner.press(folder, runner.TERMINATE_S + 1)

    assert started.wait(30) == -signal.SIGKILL


def test_a_failure_is_told_with_its_class_and_remedy(tmp_path):
    here = Here(tmp_path, end="torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")
    here.submit()

    told = here.ended()

    assert (told.state, told.failure_class) == ("failed", "out-of-memory")
    assert told.reason == "the memory of the GPU was too small (exit code 1)"
    assert told.remedy == "halve the rows a batch, or shorten max_length, or take a GPU with more memory"


def test_without_a_python_for_it_there_is_a_way_out(tmp_path):
    launcher = LocalLauncher(tmp_path, tmp_path / "none", tmp_path, lambda *_: None, {})

    with pytest.raises(SettingsError, match="set LORA_TRAINER_PYTHON, or set one up with `make trainers`"):
        launcher.submit(Order(replace(ATTEMPT), planned()))


def test_an_end_that_was_cut_off_is_told_again(tmp_path):
    """As a full disk leaves it, or a loss of power."""
    here = Here(tmp_path)
    here.submit()
    here.ended()
    journal = here.place / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-9])

    here.launcher.poll(ATTEMPT)

    assert here.told().state == "completed"


def test_one_that_is_given_up_never_begins(tmp_path):
    here = Here(tmp_path)

    assert here.launcher.forbid(ATTEMPT)
    here.submit()

    assert not (here.place / "job/trl/started").exists()
    assert not here.launcher.forbid(ATTEMPT)


def test_what_was_never_submitted_is_absent(tmp_path):
    here = Here(tmp_path)

    assert (here.launcher.find(ATTEMPT), here.launcher.poll(ATTEMPT).seen) == (None, "absent")
    assert here.launcher.journal(ATTEMPT, 0).lines == b""
