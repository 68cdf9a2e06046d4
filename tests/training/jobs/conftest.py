"""What tests with the trainers of our environments share; their libraries are imported once a file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.training.jobs.rendering import render_job
from tests.services import TRAINERS
from tests.training.jobs.datasets import ready
from tests.training.jobs.environments import Environments, open_environments
from tests.training.jobs.goldens import CASES, targets_of


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
