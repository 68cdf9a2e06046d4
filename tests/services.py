"""Where the programs that some tests start are installed; `tests/install_services.sh` brings what is missing.

A test that needs one carries the marker of the same name, such as `needs_postgres`.
Starting and stopping a service is the fixture's part, beside the tests that use it.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TESTS = Path(__file__).resolve().parent
_PROJECT = _TESTS.parent
TRAINERS, LLAMA_FACTORY = _PROJECT / ".venv-trainers", _PROJECT / ".venv-llamafactory"
MISTRAL = _PROJECT / ".venv-mistral"
LLM = _PROJECT / ".venv-llm"
RAY = _PROJECT / ".venv-ray"


@dataclass(frozen=True, slots=True)
class Service:
    """What a marked test needs: how to find it, and what to say when it is missing."""

    find: Callable[[], Path | None]
    what: str


def postgres_bin() -> Path | None:
    """The folder with `initdb` and `postgres`: on PATH, or the newest of Debian's versions beside it."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def s3_gateway() -> Path | None:
    """Ceph's gateway, `radosgw`, when the monitor, the disk and the tools it stands on are there too."""
    found = [shutil.which(program) for program in ("radosgw", "ceph-mon", "ceph-osd", "ceph", "monmaptool")]
    return Path(found[0]) if found[0] and all(found) else None


def browser() -> Path | None:
    """A Chromium that Playwright can drive (`executable_path`)."""
    for program in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(program):
            return Path(path)
    return None


def trainers() -> Path | None:
    """The environment of TRL and others, when LLaMA-Factory's and Mistral's are there (`install_trainers.sh`)."""
    folders = (TRAINERS, LLAMA_FACTORY, MISTRAL)
    return TRAINERS if all((folder / ".installed").is_file() for folder in folders) else None


def model_server() -> Path | None:
    """The environment of a server of language models (`install_llm.sh`)."""
    return LLM if (LLM / ".installed").is_file() else None


def ray() -> Path | None:
    """The environment of Ray (`install_ray.sh`)."""
    return RAY if (RAY / ".installed").is_file() else None


SERVICES: Mapping[str, Service] = {
    "needs_postgres": Service(postgres_bin, "PostgreSQL"),
    "needs_s3": Service(s3_gateway, "Ceph's S3 gateway (radosgw)"),
    "needs_browser": Service(browser, "Chromium"),
    "needs_trainers": Service(trainers, "The trainers' environment"),
    "needs_llm": Service(model_server, "The environment of a model server"),
    "needs_ray": Service(ray, "The environment of Ray"),
}


def names_a_service(file: Path) -> bool:
    """Whether a file of tests, or a `conftest.py` beside it or above it, has one of the markers."""
    beside = (folder / "conftest.py" for folder in file.parents if _TESTS in folder.parents)
    return any(_has_marker(each) for each in (file, *beside))


@cache
def _has_marker(file: Path) -> bool:
    return file.is_file() and any(marker in file.read_text("utf-8") for marker in SERVICES)
