"""Dagster's S3 resource with our time limits, in a module of its own: its package takes half a second to import."""

from typing import Any

from botocore import UNSIGNED
from botocore.config import Config
from dagster_aws.s3 import S3Resource

from pipeline.state.store.s3_client import new_session, s3_config


class TimedS3Resource(S3Resource):
    """Dagster's S3 resource with our time limits: its own waits for minutes, a sensor tick has 60 s."""

    def get_client(self) -> Any:
        """Return a boto3 client made from the resource's fields."""
        config = s3_config(self.max_attempts)
        return new_session(self.profile_name).client(
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
