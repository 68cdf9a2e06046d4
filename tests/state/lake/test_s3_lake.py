"""Promises of `pipeline.state.lake.s3_lake` where the service fails; what all lakes share is in `test_lake.py`."""

import pytest

from pipeline.errors import LakeError
from pipeline.state.lake.s3_lake import S3Lake
from tests.state.lake.examples import publish

pytestmark = pytest.mark.needs_s3


def test_a_missing_bucket_is_said(s3_gateway, tmp_path):
    client = s3_gateway.client()
    lake = S3Lake(client, "no-such-bucket", scratch=tmp_path)

    with pytest.raises(LakeError) as failure:
        publish(lake, "d1")

    client.close()
    assert str(failure.value) == (
        f"the lake's bucket no-such-bucket does not exist at {s3_gateway.endpoint_url}: create it, or check LORA_LAKE"
    )


def test_a_wrong_secret_is_said(s3_gateway, lake_bucket, tmp_path):
    client = s3_gateway.client(secret_key="wrong")
    lake = S3Lake(client, lake_bucket[1], scratch=tmp_path)

    with pytest.raises(LakeError) as failure:
        lake.profile_versions()

    client.close()
    assert str(failure.value) == (
        f"the lake: {s3_gateway.endpoint_url} refused to list s3://{lake_bucket[1]}/profiles/ (SignatureDoesNotMatch): "
        "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what the key may do in the bucket"
    )


def test_a_service_that_is_down_is_said(s3_gateway, tmp_path):
    client = s3_gateway.client(endpoint_url="http://127.0.0.1:9", max_attempts=1)
    lake = S3Lake(client, "bucket", scratch=tmp_path)

    with pytest.raises(LakeError) as failure:
        lake.has("d1")

    client.close()
    assert "check that http://127.0.0.1:9 is up and LORA_S3_ENDPOINT_URL right" in str(failure.value)
