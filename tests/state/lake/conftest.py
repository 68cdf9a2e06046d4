"""A lake for every test, local and on S3; tests of what both promise run on both."""

import uuid
from pathlib import Path

import pytest

from pipeline.state.lake import Lake, LocalLake


@pytest.fixture
def local_lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path / "lake")


@pytest.fixture(scope="session")
def lake_bucket(s3_gateway):
    client = s3_gateway.client()
    yield client, s3_gateway.new_bucket()
    client.close()


@pytest.fixture
def s3_lake(lake_bucket, s3_gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    from pipeline.state.lake.s3_lake import S3Lake

    for name, value in s3_gateway.environment.items():  # for Polars, which has a client of its own
        monkeypatch.setenv(name, value)
    return S3Lake(*lake_bucket, prefix=f"some/{uuid.uuid4().hex}", scratch=tmp_path / "scratch")


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.needs_s3)])
def lake(request) -> Lake:
    return request.getfixturevalue(f"{request.param}_lake")
