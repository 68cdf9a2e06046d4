"""One installation for all tests of the assets: two uploads, good and bad, validated by one run, and published."""

from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def validated(tmp_path_factory: pytest.TempPathFactory, dagster_home: Path) -> Iterator[Installation]:
    """Read only, please."""
    settings = local_settings(tmp_path_factory.mktemp("assets"))
    with opened(settings, dagster_home) as made:
        made.drop("good.jsonl", GOOD)
        made.drop("bad.jsonl", BAD)
        runs = made.ingest()
        assert [run.success for run in runs] == [True]
        assert made.run("publish").success
        yield made


@pytest.fixture(scope="session")
def planned(validated: Installation) -> Installation:
    """The same, after training was planned. Read only, please."""
    assert [run.success for run in validated.plan()] == [True]
    return validated


@pytest.fixture
def good_id(validated: Installation) -> str:
    return validated.dataset("good").id


@pytest.fixture
def bad_id(validated: Installation) -> str:
    return validated.dataset("bad").id
