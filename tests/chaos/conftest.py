"""Installations of both profiles, in folders that remain as long as the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.places import Places, local_places, server_places
from tests.installation import dagster_home, installation, make_installation
from tests.postgres import PostgresServer
from tests.s3_gateway import S3Gateway

__all__ = ["dagster_home", "installation", "make_installation"]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Places]:
    with local_places(tmp_path) as places:
        yield places


@pytest.fixture
def on_servers(tmp_path: Path, postgres_server: PostgresServer, s3_gateway: S3Gateway) -> Iterator[Places]:
    with server_places(tmp_path, postgres_server, s3_gateway) as places:
        yield places
