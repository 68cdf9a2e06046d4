"""Journals as files in the folder of an attempt: read from a byte on, and what a disk refuses said in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ServiceError
from pipeline.launchers.launcher import Piece

MOST_BYTES = 1_000_000
"""Of a journal, read at once: what is written of it keeps others from the catalog for half a second."""


def read_piece(journal: Path, offset: int) -> Piece:
    """What a journal has from a byte on; nothing where there is none.

    Raises:
        ServiceError: the disk refuses.
    """
    try:
        with journal.open("rb") as file:
            file.seek(offset)
            block = file.read(MOST_BYTES)
    except FileNotFoundError:
        return Piece(offset)
    except OSError as error:
        raise ServiceError(f"cannot read {journal}: {error.strerror}; check the disk") from error
    return Piece(offset, block[: block.rfind(b"\n") + 1])


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Raise what the disk refuses as a `ServiceError` that names the folder."""
    try:
        yield
    except OSError as error:
        raise ServiceError(f"cannot use {place}: {error.strerror}; make room, or check it") from error
