"""Picks the lake that the settings name; boto3 is imported only where it is needed (half a second)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.state.lake.lake_protocol import Lake
from pipeline.state.lake.local_lake import LocalLake

if TYPE_CHECKING:  # workers import the lake's schemas, and need no settings
    from pipeline.settings import Settings


def make_lake(settings: Settings, s3_client_factory: Callable[[], Any] | None = None) -> Lake:
    """Return the lake of an installation; nothing is connected or created yet.

    `s3_client_factory` gives the boto3 client where another part of the program owns it.
    """
    if not settings.lake.startswith("s3://"):
        return LocalLake(Path(settings.lake))
    from pipeline.state.lake.s3_lake import S3Lake
    from pipeline.state.store.s3_client import make_s3_client

    bucket, _, prefix = settings.lake.removeprefix("s3://").partition("/")
    client = s3_client_factory() if s3_client_factory else make_s3_client(settings.s3_endpoint_url, settings.s3_region)
    return S3Lake(client, bucket, prefix, scratch=settings.data_dir / "staging")
