"""Which datasets of an owner somebody deleted, written down beside their uploads, which stay: a catalog that was lost,
or restored from before, would show them again.

The catalog is what counts where it heard of a deletion (`pipeline/state/catalog/deletions.py`); each reconciliation
writes all of them anew.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial

import msgspec

from pipeline.errors import StoreError
from pipeline.flow.kept_files import read_kept, write_kept
from pipeline.flow.kept_mappings import is_folder
from pipeline.flow.marks import insist_on_store
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.store import Store
from pipeline.state.store.ignored_files import owner_folder
from pipeline.state.store.keys import UPLOADS, safe_owner

_NAME = ".deleted"
_MOST_BYTES = 2**26
_LOG = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(dict[str, datetime]).decode


class KeptDeletions:
    """Reads what is written down in each folder once."""

    def __init__(self, store: Store) -> None:
        self._read = cache(partial(_read, store))

    def beside(self, storage_path: str) -> Mapping[str, datetime]:
        """When datasets in the folder of an upload were deleted, by id.

        Raises:
            StoreError: what is written down cannot be read now.
        """
        return self._read(owner_folder(storage_path))


def keep_deletions(store: Store, catalog: Catalog, dataset: Dataset) -> None:
    """Write down the deletions of a dataset's folder, and delete what the catalog did not hear was deleted.

    A store that is not there, or cannot be read or written, is logged: the next reconciliation tries again.
    """
    folder = owner_folder(dataset.storage_path)
    try:
        insist_on_store(store, catalog)
    except StoreError as error:
        _LOG.warning("deletions of %s are not written down: %s", folder, error)
        return
    deletions = catalog.deletions_of(dataset.user_id)
    _keep(store, catalog, folder, {each: at for path, each, at in deletions if owner_folder(path) == folder})


def keep_all_deletions(store: Store, catalog: Catalog) -> None:
    """Do so for the folder of every owner: one without a deletion may have had some."""
    folders = {folder for owner in catalog.owners() for folder in (owner, safe_owner(owner))}
    by_folder: dict[str, dict[str, datetime]] = {folder: {} for folder in folders if is_folder(folder)}
    for path, dataset_id, at in catalog.deletions_of(None):
        by_folder.setdefault(owner_folder(path), {})[dataset_id] = at
    for folder, deletions in by_folder.items():
        _keep(store, catalog, folder, deletions)


def _keep(store: Store, catalog: Catalog, folder: str, deletions: Mapping[str, datetime]) -> None:
    try:
        written = _read(store, folder)
        unheard = {each: at for each, at in written.items() if each not in deletions}
        again = catalog.delete_again(unheard, f"{UPLOADS}{folder}/") if unheard else []
        unknown = unheard.keys() - catalog.known_ids(unheard)  # lost with the catalog, and not registered again yet
        wanted = {**deletions, **{each: written[each] for each in (*again, *unknown)}}
        if wanted != written:
            write_kept(store, folder, _NAME, wanted)
    except StoreError as error:
        _LOG.warning("deletions of %s are not written down: %s", folder, error)


def _read(store: Store, folder: str) -> dict[str, datetime]:
    found = read_kept(store, folder, _NAME, _decode, _MOST_BYTES)
    return {each: at for each, at in found.items() if at.tzinfo is not None}
