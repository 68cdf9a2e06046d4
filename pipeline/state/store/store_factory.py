"""Picks the store that the settings name; boto3 is imported only where it is needed (half a second)."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.state.store.local_store import LocalStore
from pipeline.state.store.store_protocol import Store

if TYPE_CHECKING:
    from pipeline.settings import Settings


def make_store(settings: "Settings", s3_client_factory: Callable[[], Any] | None = None) -> Store:
    """Return the store of an installation; nothing is connected or created yet.

    `s3_client_factory` gives the boto3 client where another part of the program owns it.
    Credentials come from the standard AWS_* variables.
    """

    def own_client() -> Any:
        from pipeline.state.store.s3_client import make_s3_client

        return make_s3_client(settings.s3_endpoint_url, settings.s3_region)

    return store_at(settings.store, s3_client_factory or own_client)


def store_at(location: str, s3_client_factory: Callable[[], Any]) -> Store:
    """Return the store at a folder or `s3://bucket/prefix`; the factory is called only for the latter."""
    if not location.startswith("s3://"):
        return LocalStore(Path(location))
    from pipeline.state.store.s3_store import S3Store

    # Not urlsplit: `#` and `?` are ordinary characters in a prefix.
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return S3Store(s3_client_factory(), bucket, prefix)
