"""The upload store as a Dagster resource. Stores themselves are in `pipeline.state.store`; this only connects them."""

from typing import Any

import dagster as dg

from pipeline.settings import Settings
from pipeline.state.store import Store, store_at


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
        return store_at(self.location, self._client)

    def _client(self) -> Any:
        from pipeline.state.store.s3_client import MAX_ATTEMPTS
        from resources.s3_resource import TimedS3Resource

        s3 = TimedS3Resource(
            endpoint_url=self.s3_endpoint_url or None, region_name=self.s3_region, max_attempts=MAX_ATTEMPTS
        )
        return s3.get_client()
