"""The upload store as a Dagster resource. Stores themselves are in `pipeline.state.store`; this only connects them."""

from typing import Any

import boto3
import dagster as dg
from botocore import UNSIGNED
from botocore.config import Config
from dagster_aws.s3 import S3Resource

from pipeline.settings import Settings
from pipeline.state.store import Store, store_at
from pipeline.state.store.s3_client import MAX_ATTEMPTS, s3_config


class TimedS3Resource(S3Resource):
    """Dagster's S3 resource with our time limits: its own waits for minutes, a sensor tick has 60 s."""

    def get_client(self) -> Any:
        """Return a boto3 client made from the resource's fields."""
        config = s3_config(self.max_attempts)
        return boto3.session.Session(profile_name=self.profile_name).client(
            "s3",
            region_name=self.region_name,
            endpoint_url=self.endpoint_url,
            use_ssl=self.use_ssl,
            verify=self.verify,
            aws_access_key_id=self.aws_access_key_id,
            aws_secret_access_key=self.aws_secret_access_key,
            aws_session_token=self.aws_session_token,
            config=config.merge(Config(signature_version=UNSIGNED)) if self.use_unsigned_session else config,
        )


class UploadStore(dg.ConfigurableResource[Store]):
    """Where uploads arrive: a folder, or `s3://bucket/prefix` with the credentials of the standard AWS_* variables."""

    # The S3 resource is made here, not nested: nested resources make Dagster 1.13 warn of its own deprecations.
    location: str
    s3_endpoint_url: str = ""
    s3_region: str = "us-east-1"

    @classmethod
    def from_settings(cls, settings: Settings) -> "UploadStore":
        """Return the resource for the store of an installation."""
        return cls(location=settings.store, s3_endpoint_url=settings.s3_endpoint_url, s3_region=settings.s3_region)

    def connect(self) -> Store:
        """Return the store; at most a client is made, no request is sent."""
        s3 = TimedS3Resource(
            endpoint_url=self.s3_endpoint_url or None, region_name=self.s3_region, max_attempts=MAX_ATTEMPTS
        )
        return store_at(self.location, s3.get_client)
