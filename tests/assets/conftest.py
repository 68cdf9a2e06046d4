"""One installation for all tests of the assets: two uploads, good and bad, validated by one run, and published."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.installation import (
    Installation,
    bad_file,
    dagster_home,
    installation,
    local_settings,
    make_installation,
    opened,
    valid_file,
)

__all__ = ["dagster_home", "installation", "make_installation"]

GOOD, BAD = valid_file(12), bad_file(15)


@contextmanager
def _validated(folder: Path, dagster_home: Path) -> Iterator[Installation]:
    with opened(local_settings(folder), dagster_home) as made:
        made.drop("good.jsonl", GOOD)
        made.drop("bad.jsonl", BAD)
        runs = made.ingest()
        assert [run.success for run in runs] == [True]
        yield made


@pytest.fixture(scope="session")
def validated(tmp_path_factory: pytest.TempPathFactory, dagster_home: Path) -> Iterator[Installation]:
    """Read only, please."""
    with _validated(tmp_path_factory.mktemp("assets"), dagster_home) as made:
        assert made.run("publish").success
        yield made


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory, dagster_home: Path) -> Iterator[Installation]:
    """Another one, after training was planned. Read only, please."""
    with _validated(tmp_path_factory.mktemp("training"), dagster_home) as made:
        assert [run.success for run in made.plan()] == [True]
        yield made


@pytest.fixture
def good_id(validated: Installation) -> str:
    return validated.dataset("good").id


@pytest.fixture
def bad_id(validated: Installation) -> str:
    return validated.dataset("bad").id


@pytest.fixture
def ready_id(planned: Installation) -> str:
    return planned.dataset("good").id


@pytest.fixture
def rejected_id(planned: Installation) -> str:
    return planned.dataset("bad").id
