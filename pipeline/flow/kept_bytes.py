"""Whether an upload still has the bytes that a dataset was read from, for who reads it again after its verdict."""

from collections.abc import Callable
from functools import lru_cache

from pipeline.errors import ObjectChanged
from pipeline.flow.shards import is_manifest, shards_of
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.store import Store, StoredObject


def kept_version(store: Store, dataset: Dataset) -> str:
    """The version of the object, to be opened with; a file that was only touched or restored has another one.

    Raises:
        ObjectMissing: the upload is gone.
        ObjectChanged: other bytes took its place.
        StoreError: the store cannot be reached.
    """
    found = store.stat(dataset.storage_path)
    if is_manifest(dataset.storage_path):
        if shards_of(store, dataset.storage_path, found.observed_version).identity == dataset.content_version:
            return found.observed_version
        raise ObjectChanged(f"the shards of {dataset.storage_path} are not those of {dataset.id} any more")
    is_known = found.observed_version == dataset.observed_version
    if is_known or (
        found.size_bytes == dataset.file_size and _hashed(store.content_version, found) == dataset.content_version
    ):
        return found.observed_version
    raise ObjectChanged(f"{dataset.storage_path} does not hold the bytes of {dataset.id} any more: upload them again")


@lru_cache(maxsize=256)
def _hashed(content_version: Callable[[StoredObject], str], found: StoredObject) -> str:
    """Each version of a file is read once."""
    return content_version(found)
