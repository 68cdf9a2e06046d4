"""An installation in a folder that remains as long as the test, and one that finds out sooner who died."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.places import Places, local_places
from tests.installation import dagster_home, installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]


# Each a line of `deploy/dagster*.yaml`. A start takes up to 20 s on a machine that is busy with other tests.
SOONER = {
    "start_timeout_seconds: 90": "start_timeout_seconds: 45",
    "poll_interval_seconds: 15": "poll_interval_seconds: 4",
}


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Places]:
    with local_places(tmp_path) as places:
        yield places


def find_deaths_sooner(places: Places) -> None:
    """Have Dagster look for dead runs every few seconds: that it does is the point, not after how long."""
    file = places.settings.dagster_home / "dagster.yaml"
    text = file.read_text("utf-8")
    for shipped, sooner in SOONER.items():
        assert shipped in text
        text = text.replace(shipped, sooner)
    file.write_text(text, "utf-8")
