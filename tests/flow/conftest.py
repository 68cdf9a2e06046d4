"""What tests of the flow start from: an installation with a dataset, and a local lake."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.settings import Settings, load_settings
from pipeline.state.lake import LocalLake
from tests.s3_gateway import S3Gateway
from tests.training.installed import Installed, installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installed]:
    """A catalog and a lake of the test's own; dataset d1 is registered."""
    with installed(tmp_path) as made:
        yield made


@pytest.fixture
def local_lake(tmp_path: Path) -> LocalLake:
    return LocalLake(tmp_path / "lake")


@pytest.fixture
def bucket_settings(s3_gateway: S3Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Store and lake in a bucket of the test's own."""
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    bucket = s3_gateway.new_bucket()
    return load_settings(
        data_dir=tmp_path,
        store=f"s3://{bucket}/in",
        lake=f"s3://{bucket}/lake",
        s3_endpoint_url=s3_gateway.endpoint_url,
    )
