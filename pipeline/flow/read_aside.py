"""Which bytes a large local file has, found out beside a sensor's ticks: a tick ends after a minute, reading may not.

What was read is kept in this process until a tick asks for it; a process that ends before that reads anew.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread

from pipeline.state.store import Store
from pipeline.state.store.store_protocol import StoredObject

LARGE_BYTES = 1_000_000_000  # less than a second of an idle core, some of a busy one
_AT_ONCE = 2  # files: more only take turns at the same disk


@dataclass(slots=True)
class ReadAside:
    """Content versions that are being found out, by place and observed version."""

    _lock: Lock = field(default_factory=Lock)
    _versions: "dict[tuple[str, str], Future[str]]" = field(default_factory=dict)

    def version(self, store: Store, stored: StoredObject) -> str | None:
        """Return which bytes an object has; None while a large file is being read, or waits for its turn.

        Raises:
            StoreError: it could not be read, or is not what it was when that began; the next call begins anew.
        """
        if stored.size_bytes < LARGE_BYTES or store.local_path(stored.key) is None:
            return store.content_version(stored)
        place = (store.uri(stored.key), stored.observed_version)
        with self._lock:
            found = self._versions.get(place)
            if found is None:
                self._begin(place, store, stored)
            if found is None or not found.done():
                return None
            del self._versions[place]
        return found.result()

    def _begin(self, place: tuple[str, str], store: Store, stored: StoredObject) -> None:
        if sum(not each.done() for each in self._versions.values()) < _AT_ONCE:
            version = self._versions[place] = Future()
            # A daemon thread: whoever ends this process does not wait for a terabyte.
            Thread(target=_read, args=(version, store, stored), daemon=True, name=f"reads {stored.key}").start()


def _read(version: "Future[str]", store: Store, stored: StoredObject) -> None:
    try:
        version.set_result(store.content_version(stored))
    except Exception as error:  # for whoever asks
        version.set_exception(error)


ASIDE = ReadAside()
"""For all ticks of a process."""
