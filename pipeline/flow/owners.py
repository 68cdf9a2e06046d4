"""Whose a folder right under `uploads/` is: its name says it, but where a name cannot be a folder's.

For those the folder holds a file of ours that says it, so that a catalog which was lost can be made again.
"""

import io

from pipeline.errors import StoreError
from pipeline.state.store import Store
from pipeline.state.store.keys import UPLOADS, safe_owner

_MOST_BYTES = 100_000


class Owners:
    """Reads each folder's owner once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, str] = {}

    def of(self, folder: str) -> str:
        """The owner of a folder."""
        if "~" not in folder:  # only a name that was changed has one (`safe_owner`)
            return folder
        if folder not in self._known:
            self._known[folder] = self._read(folder) or folder
        return self._known[folder]

    def remember(self, owner: str) -> None:
        """Write down whose a folder is, where its name does not say it.

        Raises:
            StoreError: the store cannot be written.
        """
        folder = safe_owner(owner)
        if folder != owner and self._known.get(folder) != owner and self._read(folder) != owner:
            text = owner.encode("utf-8", "surrogatepass")
            self._store.put(_mark(folder), io.BytesIO(text), len(text))
        self._known[folder] = owner

    def _read(self, folder: str) -> str:
        try:
            with self._store.open(_mark(folder), 0, _MOST_BYTES) as reader:
                owner = reader.read().decode("utf-8", "surrogatepass")
        except (StoreError, UnicodeDecodeError):
            return ""
        return owner if safe_owner(owner) == folder else ""  # whoever can write there must not name another


def _mark(folder: str) -> str:
    return f"{UPLOADS}{folder}/.owner"
