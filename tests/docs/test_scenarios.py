"""Every command of docs/test_scenarios.md, run as a person would, and what the page shows of it.

The commands run in this process, and so does the daemon: `sleep` is its turn.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path
from string import Template

import pytest

from pipeline.cli import demo_generation
from pipeline.definitions import build_defs
from pipeline.settings import load_settings
from sensors.once import run_generation, run_once
from tests.cli.goldens import run
from tests.installation import dagster_home, local_settings, opened

__all__ = ["dagster_home"]

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "test_scenarios.md").read_text()
SCENARIOS = re.findall(r"^## (\d+)\. .*?^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
_WORK = {"new_uploads": "ingest", "ready_datasets": "plan_training"}
_PUBLICATION = {"stale_warehouse": "publish"}  # only where it is asked next: it takes half of a turn
_OR_SAY = ' || echo "exit code $?"'


class Person:
    """Types commands, and lets the daemon have its turn."""

    def __init__(self, folder, template):
        self.data_dir = folder / "try"
        self.made_dir = folder / "made"
        self.template = template
        self.environment = {"LORA_DATA_DIR": str(self.data_dir), "WORK": str(folder), "LORA_SETTLE_S": "0"}
        self.environment |= {"NO_COLOR": "1", "COLUMNS": "120"}
        self.installation = None

    def types(self, line):
        """What a line prints, errors among it."""
        command, is_said = line.removesuffix(_OR_SAY), line.endswith(_OR_SAY)
        if command.startswith("sleep "):
            return self._daemon(_WORK)
        if "lora-pipeline" not in command:
            shell = ["sh", "-c", command]
            return subprocess.run(
                shell, env=os.environ | self.environment, cwd=ROOT, check=True, text=True, stdout=-1
            ).stdout
        if "lora-pipeline query" in command:
            self._daemon(_PUBLICATION)
        variables, _, words = command.rpartition("lora-pipeline")
        typed = dict(each.split("=") for each in variables.split())
        typed |= {"LORA_DATA_DIR": str(self.made_dir)} if typed else {}
        done = run(
            [Template(each).safe_substitute(self.environment) for each in shlex.split(words)], self.environment | typed
        )
        assert is_said or done.exit_code == 0, done.output
        return done.output + (f"exit code {done.exit_code}\n" if is_said else "")

    def _daemon(self, jobs):
        for sensor, job in jobs.items():
            for tags in self.installation.tick(sensor).runs:
                assert self.installation.run(job, tags).success
        return ""

    def runs_of_the_demo(self, command, variables):
        """The demo's two runs, which are processes else."""
        with opened(local_settings(self.made_dir), self.template) as made, pytest.MonkeyPatch.context() as patch:
            for name in ("LORA_LLM", "LORA_LLM_PRICES_FILE"):
                patch.setenv(name, variables[name])
            once = run_generation if command[-1] == "generation" else run_once
            once(build_defs(load_settings()).get_repository_def(), made.instance)


@pytest.fixture(scope="module")
def person(tmp_path_factory, dagster_home):
    someone = Person(tmp_path_factory.mktemp("scenarios"), dagster_home)
    with opened(local_settings(someone.data_dir), dagster_home) as someone.installation:
        (someone.data_dir / "uploads" / "local").mkdir(parents=True)
        yield someone


@pytest.mark.parametrize(("number", "commands", "shown"), SCENARIOS, ids=[number for number, _, _ in SCENARIOS])
def test_what_the_page_shows_is_what_one_sees(number, commands, shown, person, monkeypatch):
    """In the order of the page: later ones find what earlier ones left."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(demo_generation, "_run", person.runs_of_the_demo)
    monkeypatch.setattr(demo_generation, "_ITEMS", 20)  # of 60, for the sake of time
    printed = "".join(person.types(line) for line in commands.splitlines()).splitlines()

    for line in shown.splitlines():  # in this order
        place = next((at for at, real in enumerate(printed) if real.startswith(line)), None)
        assert place is not None, f"{line!r} is not printed after what is shown before it:\n" + "\n".join(printed)
        printed = printed[place + 1 :]


def test_there_are_ten():
    """The pattern finds what it looks for, and the numbers are in order."""
    assert [number for number, _, _ in SCENARIOS] == [str(number) for number in range(1, 11)]
