"""Addresses that an upload goes to, each good for one user, one object, exactly so many bytes, and some time.

Who may start an upload and what becomes of it is in `upload_service.py`. The local store's addresses lead back to
the service (`presigned_local.py`), those of S3 straight to the bucket (`presigned_s3.py`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Upload:
    """What an address is made for."""

    dataset_id: str
    user_id: str
    key: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `start + size_bytes` of the file, to be sent by one PUT to `url` with these headers.

    `url` is relative to the service where it leads there. `received_bytes`: how many are there already. Only where
    `is_resumable` may the rest be sent alone, with the header `Upload-Offset` saying where it begins.
    """

    number: int
    start: int
    size_bytes: int
    url: str
    received_bytes: int = 0
    is_resumable: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Presigner(Protocol):
    """Makes addresses. Any method raises `StoreError` where the store fails."""

    def start(self, upload: Upload, expires_at: datetime) -> tuple[Part, ...]:
        """Return the parts of an upload that begins."""

    def resume(self, upload: Upload, expires_at: datetime) -> tuple[Part, ...]:
        """Return the parts again, with new addresses and with what arrived."""

    def finish(self, upload: Upload) -> None:
        """Make one object of parts that all arrived; nothing happens where they are one already, or are too few."""

    def checksum(self, upload: Upload) -> str | None:
        """What the store knows of the bytes that are there, as in `checksums.py` of the client; None: nothing."""

    def abandon(self, upload: Upload) -> None:
        """Remove what arrived of an upload that will not be finished."""
