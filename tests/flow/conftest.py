"""What tests of the flow start from: an installation with a dataset, and a local lake."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.state.lake import LocalLake
from tests.training.installed import Installed, installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installed]:
    """A catalog and a lake of the test's own; dataset d1 is registered."""
    with installed(tmp_path) as made:
        yield made


@pytest.fixture
def local_lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path / "lake")
