"""Whether an upload still has the bytes that a dataset was read from, for who reads it again after its verdict."""

from collections.abc import Callable
from functools import lru_cache

from pipeline.errors import ObjectChanged
from pipeline.flow.shards import KeptUpload, is_manifest, shards_of
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.store import Store, StoredObject


def kept_version(store: Store, dataset: Dataset) -> str:
    """The version of the object, to be opened with; raises what `kept_upload` does."""
    return kept_upload(store, dataset).version


def kept_upload(store: Store, dataset: Dataset) -> KeptUpload:
    """What is to be opened; a file that was only touched or restored has another version than the dataset says.

    Raises:
        ObjectMissing: the upload is gone.
        ObjectChanged: other bytes took its place.
        StoreError: the store cannot be reached.
    """
    found = store.stat(dataset.storage_path)
    if is_manifest(dataset.storage_path):
        shards = shards_of(store, dataset.storage_path, found.observed_version)
        if shards.identity == dataset.content_version:
            return KeptUpload(dataset.storage_path, found.observed_version, shards)
        raise ObjectChanged(f"the shards of {dataset.storage_path} are not those of {dataset.id} any more")
    is_known = found.observed_version == dataset.observed_version
    if is_known or (
        found.size_bytes == dataset.file_size and _hashed(store.content_version, found) == dataset.content_version
    ):
        return KeptUpload(dataset.storage_path, found.observed_version)
    raise ObjectChanged(f"{dataset.storage_path} does not hold the bytes of {dataset.id} any more: upload them again")


@lru_cache(maxsize=256)
def _hashed(content_version: Callable[[StoredObject], str], found: StoredObject) -> str:
    """Each version of a file is read once."""
    return content_version(found)
