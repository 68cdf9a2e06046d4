"""Installations for tests of jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.installed import Installed, installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installed]:
    """A catalog and a lake of the test's own; dataset d1 is registered."""
    with installed(tmp_path) as made:
        yield made
