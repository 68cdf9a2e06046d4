"""Services on the local store with SQLite, and on the S3 gateway; settings on top by `serve`."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.settings import load_settings
from tests.s3_gateway import S3Gateway
from tests.service.serving import SECRET, Serve, Serving, serving


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts services with chosen settings, all on the same folder."""
    with ExitStack() as stack:

        def start(**chosen: object) -> Serving:
            defaults = {"data_dir": tmp_path / "data", "jwt_secret": SECRET, "requests_per_minute": 100_000}
            return stack.enter_context(serving(load_settings(**defaults | chosen)))

        yield start


@pytest.fixture
def local(serve: Serve) -> Serving:
    """A service that keeps everything in a folder."""
    return serve()


@pytest.fixture
def on_s3(serve: Serve, s3_gateway: S3Gateway, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """A service whose uploads go to the S3 gateway."""
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    return serve(store=f"s3://{s3_gateway.new_bucket()}/prefix", s3_endpoint_url=s3_gateway.endpoint_url)
