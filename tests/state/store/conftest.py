"""The two stores, so that one suite holds both to the same promises."""

import uuid

import pytest

from pipeline.state.store import Store
from pipeline.state.store.local_store import LocalStore


@pytest.fixture
def local_store(tmp_path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture(scope="session")
def s3_bucket(s3_gateway):
    """A client and a bucket that tests share; making them takes longer than most tests."""
    client = s3_gateway.client()
    yield client, s3_gateway.new_bucket()
    client.close()


@pytest.fixture
def s3_store(s3_bucket) -> Store:
    from pipeline.state.store.s3_store import S3Store

    return S3Store(*s3_bucket, prefix=f"some/{uuid.uuid4().hex}")


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.needs_s3)])
def store(request) -> Store:
    return request.getfixturevalue(f"{request.param}_store")
