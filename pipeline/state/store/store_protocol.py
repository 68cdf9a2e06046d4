"""What every store promises, whichever service is behind it.

Keys are relative to the store's root and use `/`: `uploads/<owner>/<name>.jsonl`. Errors of the services leave a store
only as `StoreError` and its kinds; a key that no store may touch is a `UsageError`. How keys are checked: `keys`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from pipeline.state.store.left_out import LeftOut


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as a listing shows it, without a byte of it read."""

    key: str
    size_bytes: int
    modified_at: datetime  # UTC; local: the later of last write and arrival under this name
    observed_version: str  # changes whenever the bytes may have changed; compare only within one store


class Reader(Protocol):
    """A part of one object, read forwards."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next `size` bytes; fewer only at the end of the range; all that are left for -1."""


class Store(Protocol):
    """A place with objects. Any method raises `StoreError` where the service fails, `UsageError` for an unsafe key."""

    @property
    def bucket(self) -> str:
        """The bucket's name, or `local`."""

    @property
    def is_atomic(self) -> bool:
        """Whether an object appears only when it is whole; where not, wait until it has settled."""

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """Yield the objects whose key starts with `prefix` and sorts after `start_after`, by the bytes of the key.

        No such prefix means no objects.
        """

    def entries(self, prefix: str, start_after: str = "") -> Iterator[StoredObject | LeftOut]:
        """Yield what `list` yields, and among it what that leaves out, with the reason.

        Left out: keys that no other method would accept, names that begin with `.` (of a folder, too) or end in
        `.part`, `.tmp` or `~`, whatever is not a plain file, and what may not be looked at. A folder that is left out
        is one entry. Files that the system itself puts there are no entries.
        """

    def top_names(self) -> tuple[str, ...]:
        """Names right under the store's root, `uploads/` among them; those of folders end in `/`."""

    def stat(self, key: str) -> StoredObject:
        """Look at one object.

        Raises:
            ObjectMissing: there is none.
        """

    def open(
        self, key: str, start: int = 0, end: int | None = None, version: str = ""
    ) -> AbstractContextManager[Reader]:
        """Open bytes `start` to `end` (exclusive, past the end is the end) of one version of an object.

        All bytes of one reader are of one version; with `version` (an `observed_version`) they are of that one.

        Raises:
            ObjectMissing: there is none.
            ObjectChanged: there are other bytes than `version`, or they changed while they were read.
            ObjectUnreadable: its permissions forbid it.
        """

    def put(self, key: str, source: BinaryIO, size: int) -> StoredObject:
        """Store `size` bytes of `source`, which appear whole or not at all; what was there before is replaced.

        Raises:
            UsageError: `source` holds more or fewer bytes.
        """

    def finish(self, key: str, name: str, size_bytes: int) -> None:
        """Make one object of the parts of an upload that all arrived; nothing happens where they are one, or too few.

        name: under which they are gathered, which is the id of their dataset.
        """

    def remove_parts(self, begun_before: datetime) -> int:
        """Remove the parts of uploads that were begun before that and never became an object; return of how many."""

    def content_version(self, obj: StoredObject) -> str:
        """Return `sha256:<hex>` (local, reads the whole file) or `etag:<etag>` (S3, reads nothing).

        Raises:
            ObjectMissing: the object is gone.
            ObjectChanged: the object is not the one that was listed any more, or changed while it was read.
            ObjectUnreadable: its permissions forbid it.
        """

    def local_path(self, key: str) -> Path | None:
        """Return the path for direct reads, or None where the store is no folder."""

    def uri(self, key: str) -> str:
        """Return where the object lies, for people and for links: a path or `s3://…`."""
