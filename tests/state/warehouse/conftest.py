"""An installation for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.state.warehouse.examples import Installation, open_installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    opened = open_installation(tmp_path)
    with opened.catalog:
        yield opened
