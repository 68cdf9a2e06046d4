"""One installation for all tests of the assets: two uploads, good and bad, validated by one run, and published."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings import load_settings
from tests.installation import Installation, bad_file, dagster_home, installation, make_installation, opened, valid_file

__all__ = ["dagster_home", "installation", "make_installation"]

GOOD, BAD = valid_file(12), bad_file(15)


@pytest.fixture(scope="session")
def validated(tmp_path_factory: pytest.TempPathFactory, dagster_home: Path) -> Iterator[Installation]:
    """Read only, please."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("assets"), settle_s=0)
    with opened(settings, dagster_home) as installation:
        installation.drop("good.jsonl", GOOD)
        installation.drop("bad.jsonl", BAD)
        runs = installation.ingest()
        assert [run.success for run in runs] == [True]
        assert installation.run("publish").success
        yield installation


@pytest.fixture
def good_id(validated: Installation) -> str:
    return validated.dataset("good").id


@pytest.fixture
def bad_id(validated: Installation) -> str:
    return validated.dataset("bad").id
