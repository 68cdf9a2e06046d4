"""Runs scripts in the environments of the trainers, which `tests/install_trainers.sh` sets up."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import LLAMA_FACTORY, MISTRAL, TRAINERS

SCRIPTS = Path(__file__).parent / "trainers"

# What most scripts import, and what emitted ones do. Not Axolotl, which changes other libraries.
SHARED = {
    TRAINERS: ("datasets", "trl.trainer.sft_trainer", "trl.trainer.dpo_trainer", "trl.trainer.kto_trainer"),
    LLAMA_FACTORY: ("datasets", "peft", "transformers.trainer"),
    MISTRAL: (),
}


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
