"""What lies in the store just now and becomes no dataset: found by its name, or noted by the last look at the store."""

from collections.abc import Iterator

from pipeline.flow.marks import insist_on_store
from pipeline.flow.shards import is_manifest
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.store import Store
from pipeline.state.store.ignored_files import (
    FROM_ROWS,
    REASONS,
    IgnoredFile,
    beside_uploads,
    ignored,
    key_of,
    owner_folder,
)
from pipeline.state.store.keys import UPLOADS
from pipeline.state.store.left_out import UNREADABLE, LeftOut
from pipeline.state.store.upload_identity import LONE_SHARD, UploadKey, manifest_of, owner_and_name

_PAGE = 1_000


def ignored_now(store: Store, catalog: Catalog) -> Iterator[IgnoredFile]:
    """Yield it, in the order of the store; what only a comparison with rows finds, as it was noted last, comes after.

    Raises:
        StoreError: the store cannot be listed, or is not the one that is meant.
        CatalogError: the catalog cannot be reached.
    """
    insist_on_store(store, catalog)
    seen = set()
    manifests = _Manifests(catalog)
    for entry in store.entries(UPLOADS):
        why = entry.reason if isinstance(entry, LeftOut) else owner_and_name(entry.key)
        if isinstance(why, UploadKey):
            manifests.note(entry.key)
        elif why is not LONE_SHARD or not manifests.speak_for(entry.key):
            found = ignored(entry, why)
            seen.add(found.key)
            yield found
    yield from beside_uploads(store.top_names())
    yield from (found for found in _noted(catalog) if found.key not in seen)


class _Manifests:
    """Which manifests speak for their shards: one that lies in the store is listed before them, or has a row."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, bool] = {}

    def note(self, key: str) -> None:
        if is_manifest(key):
            self._known[key] = True

    def speak_for(self, shard: str) -> bool:
        manifest = manifest_of(shard)
        if manifest not in self._known:
            self._known[manifest] = bool(self._catalog.known_versions([manifest]))
        return self._known[manifest]


def _noted(catalog: Catalog) -> Iterator[IgnoredFile]:
    page = 1
    while rows := catalog.list_ignored(None, page, _PAGE).items:
        for row in rows:
            if row.reason in FROM_ROWS or row.reason == UNREADABLE.code:
                folder = owner_folder(key_of(row.key))
                yield IgnoredFile(row.key, folder, REASONS[row.reason], row.size_bytes, row.modified_at)
        page += 1
