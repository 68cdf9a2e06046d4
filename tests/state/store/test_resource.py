"""The store as Dagster hands it to assets and sensors."""

import io

import dagster as dg
import pytest

from pipeline.settings import Settings
from pipeline.state.store.local_store import LocalStore
from pipeline.state.store.s3_client import make_s3_client
from pipeline.state.store.s3_store import S3Store
from resources.s3_resource import TimedS3Resource
from resources.upload_store import UploadStore

KEY = "uploads/ana/train.jsonl"


def test_an_asset_gets_the_folder_of_the_settings(tmp_path):
    @dg.asset
    def reads(uploads: UploadStore) -> str:
        return uploads.connect().uri(KEY)

    result = dg.materialize([reads], resources={"uploads": UploadStore.from_settings(Settings(store=str(tmp_path)))})

    assert result.output_for_node("reads") == f"{tmp_path}/{KEY}"
    assert isinstance(UploadStore.from_settings(Settings(store=str(tmp_path))).connect(), LocalStore)


@pytest.mark.needs_s3
def test_an_asset_gets_the_bucket_of_the_settings(s3_gateway, monkeypatch):
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings(store=f"s3://{s3_gateway.new_bucket()}/place", s3_endpoint_url=s3_gateway.endpoint_url)

    @dg.asset
    def writes(uploads: UploadStore) -> int:
        store = uploads.connect()
        assert isinstance(store, S3Store)
        stored = store.put(KEY, io.BytesIO(b"1"), 1)
        store._client.close()
        return stored.size_bytes

    result = dg.materialize([writes], resources={"uploads": UploadStore.from_settings(settings)})

    assert result.output_for_node("writes") == 1


def test_the_client_has_our_time_limits_and_the_fields_of_the_resource():
    client = TimedS3Resource(
        region_name="eu-west-1", endpoint_url="http://localhost:1", max_attempts=2, use_unsigned_session=True
    ).get_client()

    config = client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 30)
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}
    assert config.region_name == "eu-west-1"
    assert config.s3["addressing_style"] == "path"
    assert client.meta.endpoint_url == "http://localhost:1"
    client.close()


def test_the_client_reads_no_more_of_s3_than_others_of_its_process_did(monkeypatch):
    """A sensor makes one at each look: reading it anew was half of what an idle code server cost with a bucket."""
    make_s3_client("http://127.0.0.1:9").close()
    monkeypatch.delattr("botocore.loaders.JSONFileLoader.load_file")

    UploadStore(location="s3://bucket", s3_endpoint_url="http://127.0.0.1:9")._client().close()
