"""The list of mutants, and what becomes of one: a change that loses a behaviour must make a test fail."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.settings import PROJECT_DIR

LIST = Path(__file__).parent / "mutants.toml"
LIMIT_S = 60
Fate = Literal["killed", "survived", "late", "not run"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """name: the behaviour that is lost. text, instead: of `file`. tests: arguments of pytest, one of them must fail."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def applied(self, source: str) -> str:
        """The source with the change.

        Raises:
            ValueError: the text does not stand there once.
        """
        if source.count(self.text) != 1:
            raise ValueError(f"{self.file}: expected {self.text!r} once, found it {source.count(self.text)} times")
        return source.replace(self.text, self.instead)


def load_mutants() -> list[Mutant]:
    """All of them."""
    return [Mutant(**each | {"tests": tuple(each["tests"])}) for each in tomllib.loads(LIST.read_text())["mutants"]]


def copy_tree(to: Path) -> None:
    """Copy what git tracks, or would; the environment is shared."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT_DIR, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (PROJECT_DIR / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT_DIR / name, to / name)
    (to / ".venv").symlink_to(Path(sys.prefix))


@contextmanager
def mutated(tree: Path, mutant: Mutant) -> Iterator[None]:
    """The tree with the change, for the time being."""
    place = tree / mutant.file
    before = place.read_text("utf-8")
    _write(place, mutant.applied(before))
    try:
        yield
    finally:
        _write(place, before)


def _write(place: Path, text: str) -> None:
    """Write source, and forget what was compiled of it: two versions may have one size and one second."""
    place.write_text(text, "utf-8")
    for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*.pyc"):
        compiled.unlink()


def run(tree: Path, tests: tuple[str, ...], limit_s: float) -> Fate:
    """What the tests say of the tree."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return "late"
    fates: dict[int, Fate] = {0: "survived" if " passed" in done.stdout else "not run", 1: "killed"}
    return fates.get(done.returncode, "not run")
