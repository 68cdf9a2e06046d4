"""Trainings on this machine: a process of its own that outlives whoever started it, found again by its folder.

The folder of an attempt is all that is known of it (`runner.py` says what lies there). Its runner takes a lease before
it trains, so that however often an attempt is submitted, it is trained once.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.errors import ServiceError, SettingsError, UsageError
from pipeline.launchers import runner
from pipeline.launchers.commands import runner_spec
from pipeline.launchers.journal_file import disk_errors, read_piece
from pipeline.launchers.launcher import Bill, Observation, Order, Piece
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.durable import lent_aside
from pipeline.trainers.job import TrainingJob

NAME = "local"
PASSED_ON = frozenset(
    "PATH HOME USER LANG LC_ALL LC_CTYPE TZ TMPDIR LD_LIBRARY_PATH VIRTUAL_ENV XDG_CACHE_HOME "
    "HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE HF_ENDPOINT HF_TOKEN HF_TOKEN_PATH TRANSFORMERS_CACHE TRANSFORMERS_OFFLINE "
    "CUDA_HOME CUDA_PATH CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES "
    "NCCL_DEBUG NCCL_P2P_DISABLE NCCL_IB_DISABLE NCCL_SOCKET_IFNAME PYTORCH_ALLOC_CONF PYTORCH_CUDA_ALLOC_CONF "
    "OMP_NUM_THREADS MKL_NUM_THREADS TORCH_HOME TRITON_CACHE_DIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy "
    "https_proxy no_proxy SSL_CERT_FILE REQUESTS_CA_BUNDLE".split()
)
"""Variables that a training gets from this process; no other, so that no secret of the pipeline reaches it."""
_START_S = 10.0


class LocalLauncher:
    """Trains in folders below `folder`, with the Python at `python` and the libraries beside it.

    fetch_files: puts a job's files for one trainer into a folder. base_models: with copies of base models, by their
    names on the hub.
    """

    name = NAME

    def __init__(
        self,
        folder: Path,
        python: Path,
        base_models: Path,
        fetch_files: Callable[[str, str, Path], None],
        environment: Mapping[str, str],
    ) -> None:
        self._folder = folder
        self._python = python
        self._base_models = base_models
        self._fetch_files = fetch_files
        self._environment = environment

    def place(self, attempt_id: str) -> Path:
        """The folder of an attempt."""
        return self._folder / attempt_id

    def submit(self, order: Order) -> str:
        """See `Launcher.submit`."""
        if not self._python.is_file():
            raise SettingsError(
                f"expected a Python with the trainers at {self._python}, found none: set LORA_TRAINER_PYTHON, or set "
                "one up with `make trainers`"
            )
        place = self.place(order.attempt.id)
        try:
            self._prepare(place, order)
            if self.find(order.attempt) is None:
                self._start(place)
        except OSError as error:
            raise ServiceError(f"cannot prepare {place}: {error.strerror}; make room, or check it") from error
        return str(place)

    def find(self, attempt: Attempt) -> str | None:
        """See `Launcher.find`."""
        place = self.place(attempt.id)
        return str(place) if (place / "lease.json").exists() else None

    def forbid(self, attempt: Attempt) -> bool:
        """See `Launcher.forbid`: a runner that comes late finds the lease taken."""
        place = self.place(attempt.id)
        with disk_errors(place):
            place.mkdir(parents=True, exist_ok=True)
            return runner.take_lease(place / "lease.json", by_nobody=True)

    def is_training(self, attempt: Attempt) -> bool:
        """See `Launcher.is_training`."""
        return runner.living(self.place(attempt.id) / "trainer.json") is not None

    def poll(self, attempt: Attempt) -> Observation:
        """See `Launcher.poll`; how it ended stands in its journal."""
        place = self.place(attempt.id)
        if not (place / "lease.json").exists():
            return Observation("absent", f"nothing of it is in {place}")
        with disk_errors(place):
            has_ended = runner.conclude(place)
        if has_ended:
            return Observation("unknown", "it has ended, and its journal says how")
        return Observation("running")

    def cancel(self, attempt: Attempt) -> None:
        """See `Launcher.cancel`: the runner does it; where that was killed, it is done from here."""
        place = self.place(attempt.id)
        if not place.is_dir():
            return
        with disk_errors(place):
            runner.ask_for_end(place)
            if runner.living(place / "lease.json") is None:
                runner.press(place, time.time() - (place / "cancel").stat().st_mtime)

    def journal(self, attempt: Attempt, offset: int) -> Piece:
        """See `Launcher.journal`."""
        return read_piece(self.place(attempt.id) / "journal.jsonl", offset)

    def model_files(self, attempt: Attempt) -> dict[str, Path]:
        """See `Launcher.model_files`."""
        place = self.place(attempt.id)
        if self.find(attempt) is None:
            return {}
        with disk_errors(place):
            spec = json.loads((place / "spec.json").read_text("utf-8"))
        return runner.model_files(place / spec["folder"] / spec["output"])

    def bill(self, attempt: Attempt, job: TrainingJob) -> Bill | None:
        """See `Launcher.bill`: this machine sends none."""

    def _prepare(self, place: Path, order: Order) -> None:
        """Lay out what the runner reads; the same again changes nothing, as `spec.json` comes last."""
        if (place / "spec.json").exists():
            return
        copy = self._base_models / order.job.hub_id
        spec = runner_spec(
            order.attempt.id,
            order.job,
            order.attempt.trainer,
            resume=order.resumed_from is not None,
            base_model=copy if copy.is_dir() else None,
        )
        place.mkdir(parents=True, exist_ok=True)
        self._fetch_files(order.job.job_id, order.attempt.trainer, place / spec["folder"])
        if order.resumed_from is not None:
            before = self.place(order.resumed_from.id) / spec["folder"] / spec["output"]
            if not copy_checkpoints(before, place / spec["folder"] / spec["output"]):
                raise UsageError(
                    f"expected checkpoints of attempt {order.resumed_from.id} in {before}, found none: start it anew"
                )
        with lent_aside(place / "spec.json") as aside:
            aside.write_text(json.dumps(spec), "utf-8")

    def _start(self, place: Path) -> None:
        known = {name: value for name, value in self._environment.items() if name in PASSED_ON}
        # Not resolved: a virtual environment is known by the link that its Python is.
        path = os.pathsep.join([str(self._python.parent), known.get("PATH", os.defpath)])
        with (place / "runner.log").open("ab") as log:
            subprocess.run(  # our own program
                [str(self._python), str(Path(runner.__file__).resolve()), str(place), "--detach"],
                cwd=place,
                env=known | {"PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )
        deadline = time.monotonic() + _START_S
        while not (place / "lease.json").exists() and time.monotonic() < deadline:
            time.sleep(0.02)


def copy_checkpoints(before: Path, output: Path) -> int:
    """Lay the checkpoints of an earlier attempt where the next one looks for them; return how many there are.

    Files are linked where they can be.
    """
    found = [each for each in sorted(before.glob("checkpoint-*")) if each.is_dir()]
    for checkpoint in found:
        if not (output / checkpoint.name).exists():
            aside = output / f".{checkpoint.name}"
            shutil.rmtree(aside, ignore_errors=True)
            output.mkdir(parents=True, exist_ok=True)
            shutil.copytree(checkpoint, aside, copy_function=_link_or_copy)
            aside.rename(output / checkpoint.name)
    return len(found)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
