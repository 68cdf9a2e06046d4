"""`lora-pipeline upload --as-one`: files put into the store as shards, or objects that are there, and the manifest that
makes them one dataset.
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.cli.files_as_one import files_as_one
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.dataset.formats.packed_files import PackedFile
    from pipeline.state.store import Store, StoredObject

_MOST_STEM_BYTES = 180  # of the 200 of a name in the store


@dataclass(frozen=True, slots=True)
class ShardsToPut:
    """Files of the disk that become shards."""

    files: "Sequence[PackedFile]"
    key: str
    """Of their manifest."""

    def size_in(self, _store: "Store") -> int:
        """Of all of them, in bytes."""
        return sum(file.path.stat().st_size for file in self.files)

    def put(self, store: "Store") -> "StoredObject":
        """Store them, and then their manifest; what lay under its name becomes another dataset's.

        Raises:
            UsageError: they cannot be the shards of a manifest; nothing is stored.
            StoreError: the store refuses.
        """
        from pipeline.flow.shards import BadManifest, check_manifest

        folder, name = self.key.removesuffix(".json"), self.key.rpartition("/")[2].removesuffix(".json")
        manifest = _manifest(f"{name}/{file.name}" for file in self.files)
        try:
            check_manifest(store, self.key, manifest)
        except BadManifest as error:
            expected, found, *_ = error.finding.mismatch
            raise UsageError(
                f"--as-one: expected {expected}, found {found}: rename files, or send them packed"
            ) from None
        for file in self.files:
            with file.path.open("rb") as source:
                store.put(f"{folder}/{file.name}", source, file.path.stat().st_size)
        return store.put(self.key, io.BytesIO(manifest), len(manifest))


@dataclass(frozen=True, slots=True)
class ShardsThere:
    """Objects of the store that become shards where they are."""

    address: str
    """Of one, or of many with `*` in its last part."""
    key: str
    """Of their manifest."""

    def size_in(self, store: "Store") -> int:
        """Of all of them, in bytes.

        Raises:
            UsageError: there are none, or they are not their owner's.
            StoreError: the store does not answer.
        """
        from pipeline.flow.shards import shards_in

        found = shards_in(store, self.key, _manifest([self.address]))
        if problem := found.problem:
            expected, what, *_ = problem.mismatch
            raise UsageError(f"--as-one: expected {expected}, found {what}")
        return found.size_bytes

    def put(self, store: "Store") -> "StoredObject":
        """Store their manifest alone; raises what `size_in` does, and nothing is stored then."""
        self.size_in(store)
        manifest = _manifest([self.address])
        return store.put(self.key, io.BytesIO(manifest), len(manifest))


def _manifest(names: Iterable[str]) -> bytes:
    return json.dumps({"shards": list(names)}, ensure_ascii=False).encode()


def is_address(named: str) -> bool:
    """Whether objects of a bucket are named, and no files."""
    return named.startswith("s3://")


def shards_there(address: str, owner: str, name: str | None) -> ShardsThere:
    """The objects at an address of the store. name: what the dataset is called; by itself like their folder."""
    from pipeline.state.store.upload_identity import MANIFEST_SUFFIX

    folder, _, last = address.rpartition("/")
    own = folder.rpartition("/")[2].removesuffix(MANIFEST_SUFFIX.removesuffix(".json")) if "*" in last else last
    return ShardsThere(address, _key_of_manifest(owner, name or own or "data"))


def shards_to_put(named: str, owner: str, name: str) -> ShardsToPut:
    """The data files of a folder or pattern, in natural order of their paths. name: what the dataset is called.

    Raises:
        UsageError: there are none, or a name of one can be no key.
    """
    from pipeline.dataset.formats.archive_text import is_beside, natural_order
    from pipeline.flow.shards import is_manifest
    from pipeline.state.store.keys import is_listed

    files = [file for file in files_as_one([named]) if not is_beside(file.name)]
    if not files:
        raise UsageError(f"--as-one: {named}: expected files of rows, found none")
    for file in files:
        if not is_listed(f"x/{file.name}") or "*" in file.name or is_manifest(file.name):
            raise UsageError(
                f"--as-one: {file.path}: expected a name that can be stored, found {file.name!r}: rename it"
            )
    files.sort(key=lambda file: (natural_order(file.name), file.name))
    return ShardsToPut(files, _key_of_manifest(owner, name))


def _key_of_manifest(owner: str, name: str) -> str:
    from pipeline.state.store import safe_file_name, safe_key
    from pipeline.state.store.upload_identity import MANIFEST_SUFFIX

    # Cut first, so that the end which makes it a manifest is never cut off.
    stem = safe_file_name(name).encode()[:_MOST_STEM_BYTES].decode(errors="ignore")
    return safe_key(owner, f"{stem}{MANIFEST_SUFFIX}")
