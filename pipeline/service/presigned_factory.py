"""Chooses the presigner by the kind of store."""

from pipeline.service.presigned import Presigner
from pipeline.service.presigned_local import LocalPresigner
from pipeline.service.presigned_s3 import S3Presigner
from pipeline.service.signing import Signer
from pipeline.settings import Settings
from pipeline.state.store import Store
from pipeline.state.store.local_store import LocalStore
from pipeline.state.store.s3_store import S3Store


def make_presigner(settings: Settings, store: Store, signer: Signer) -> Presigner:
    """Return the one for the store."""
    if isinstance(store, LocalStore):
        return LocalPresigner(store, signer)
    assert isinstance(store, S3Store)  # noqa: S101  # there are two kinds
    return S3Presigner(store, settings.s3_endpoint_url, settings.s3_region)
