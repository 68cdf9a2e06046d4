"""Upload addresses of a store that is a folder: the service signs them, and receives what is sent there.

How the bytes come in is in `receiving.py`.
"""

from datetime import datetime

from pipeline.errors import NotAllowed, NotSignedIn
from pipeline.service.presigned import Part, Upload
from pipeline.service.signing import Claims, Signer
from pipeline.state.store.local_store import LocalStore

PURPOSE = "upload"
PATH = "/api/uploads/"


class LocalPresigner:
    """Signs with the service's own secret."""

    def __init__(self, store: LocalStore, signer: Signer) -> None:
        self._store = store
        self._signer = signer

    def start(self, upload: Upload, expires_at: datetime) -> tuple[Part, ...]:
        """See `Presigner.start`."""
        return self.resume(upload, expires_at)

    def resume(self, upload: Upload, expires_at: datetime) -> tuple[Part, ...]:
        """See `Presigner.resume`."""
        claims: Claims = {"sub": upload.user_id, "id": upload.dataset_id, "key": upload.key, "size": upload.size_bytes}
        url = f"{PATH}{self._signer.sign(PURPOSE, claims, expires_at)}"
        return (Part(1, 0, upload.size_bytes, url, received_bytes(self._store, upload), is_resumable=True),)

    def finish(self, upload: Upload) -> None:
        """See `Presigner.finish`. The last byte does it (`receiving.py`), unless the service died just then."""
        self._store.finish(upload.key, upload.dataset_id, upload.size_bytes)

    def checksum(self, upload: Upload) -> str | None:
        """See `Presigner.checksum`. The content version is one already."""
        return None

    def abandon(self, upload: Upload) -> None:
        """See `Presigner.abandon`."""
        self._store.part_path(upload.dataset_id).unlink(missing_ok=True)


def read_ticket(signer: Signer, ticket: str) -> Upload:
    """Return what an address was made for.

    Raises:
        NotAllowed: it was not made here, was changed, or expired.
    """
    try:
        claims = signer.read(PURPOSE, ticket)
    except NotSignedIn as error:
        raise NotAllowed(str(error)) from None
    return Upload(str(claims["id"]), str(claims["sub"]), str(claims["key"]), int(claims["size"]))


def received_bytes(store: LocalStore, upload: Upload) -> int:
    """How many bytes of an upload are there, whole or in part."""
    # In this order, and never asking twice: what arrived whole moves from the first place to the second at any moment.
    for path in (store.part_path(upload.dataset_id), store.local_path(upload.key)):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            continue
    return 0
