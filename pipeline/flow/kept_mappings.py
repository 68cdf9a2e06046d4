"""How an owner's uploads are read, written down beside them: a catalog that was lost is made again with it.

The catalog is what counts (`pipeline/state/catalog/mappings.py`). A file that is out of date says of a new row what was
once said of its upload; each reconciliation writes all of them anew.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, partial

import msgspec

from pipeline.contract.values import MAX_MAPPING_CHARACTERS
from pipeline.dataset.formats.mapping import checked_mapping
from pipeline.errors import StoreError, UsageError
from pipeline.flow.kept_files import read_kept, write_kept
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.tables import storable_text
from pipeline.state.store import Store
from pipeline.state.store.ignored_files import owner_folder
from pipeline.state.store.keys import UPLOADS, is_listed, safe_owner

_NAME = ".mappings"
_MOST_BYTES = 2**24
_LOG = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(dict[str, str]).decode


class KeptMappings:
    """Reads what is written down in each folder once."""

    def __init__(self, store: Store) -> None:
        self._read = cache(partial(_read, store))

    def of(self, storage_path: str) -> str | None:
        """The mapping of an upload; None where none is written down, or it describes no format.

        Raises:
            StoreError: what is written down cannot be read now.
        """
        written = self._read(owner_folder(storage_path))
        try:  # whoever can write there may have written anything
            return checked_mapping(written.get(storage_path), MAX_MAPPING_CHARACTERS)
        except UsageError:
            return None


def keep_mappings(store: Store, catalog: Catalog, storage_path: str) -> None:
    """Write down the mappings of the folder of an upload as the catalog has them; those that it lacks stay.

    A store that cannot be read or written is logged: what matters is in the catalog, and the next reconciliation tries
    again.
    """
    folder = owner_folder(storage_path)
    _keep(store, catalog, folder, catalog.mappings_under(f"{UPLOADS}{folder}/"))


def keep_all_mappings(store: Store, catalog: Catalog) -> None:
    """Do so for the folder of every owner: one without a mapping may have had some."""
    by_folder: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for owner in catalog.owners():
        by_folder.update((folder, {}) for folder in {owner, safe_owner(owner)} if is_folder(folder))
    for path, mapping in catalog.mappings_under(UPLOADS).items():
        by_folder[owner_folder(path)][path] = mapping
    for folder, mappings in by_folder.items():
        _keep(store, catalog, folder, mappings)


def is_folder(owner: str) -> bool:
    """Whether a folder can have the name of this owner, as that of dropped files has."""
    key = f"{UPLOADS}{owner}/-"
    return owner_folder(key) == owner and is_listed(key)


def _keep(store: Store, catalog: Catalog, folder: str, mappings: dict[str, str]) -> None:
    try:
        written = _read(store, folder)
        wanted = mappings | {path: written[path] for path in _unknown(catalog, folder, written)}
        if wanted != written:
            write_kept(store, folder, _NAME, wanted)
    except StoreError as error:
        _LOG.warning("mappings of %s are not written down: %s", folder, error)


def _unknown(catalog: Catalog, folder: str, written: Iterable[str]) -> set[str]:
    """Those in the folder that the catalog has no row of: it may have been lost, and not be made again yet."""
    paths = {path for path in written if owner_folder(path) == folder and storable_text(path) == path}
    return paths - catalog.known_versions(paths).keys()


def _read(store: Store, folder: str) -> dict[str, str]:
    return read_kept(store, folder, _NAME, _decode, _MOST_BYTES)
