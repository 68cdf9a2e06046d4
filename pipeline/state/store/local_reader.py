"""Reads one version of one file of a local store as a stream, and says what a file's status means for a store."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ObjectChanged, ObjectMissing, ObjectUnreadable, StoreError


class LocalReader:
    """Bytes of a file that must stay as it was when it was opened."""

    def __init__(self, file: BinaryIO, path: Path, start: int, end: int | None) -> None:
        self._file = file
        self._path = path
        status = os.fstat(file.fileno())
        self.version = version_of(status)
        self._left_bytes = max(0, min(end if end is not None else status.st_size, status.st_size) - start)
        file.seek(start)

    def read(self, size: int = -1, /) -> bytes:
        """See `Reader.read`.

        Raises:
            ObjectChanged: the file was changed, also when it was changed only now.
            StoreError: the disk cannot be read.
        """
        wanted = self._left_bytes if size < 0 else min(size, self._left_bytes)
        try:
            chunk = self._file.read(wanted)
            status = os.fstat(self._file.fileno())
        except OSError as error:
            raise failure("read", str(self._path), error) from error
        # After every chunk: a reader that stops early must not have passed on a mixture either.
        if version_of(status) != self.version or len(chunk) < wanted:
            raise ObjectChanged(changed(self._path, "opened"))
        self._left_bytes -= len(chunk)
        return chunk


def version_of(status: os.stat_result) -> str:
    """What tells a file from the same file after a change."""
    # ctime as well: a file that is moved into place, or copied with its times, keeps an old mtime.
    return f"{status.st_size}-{max(status.st_mtime_ns, status.st_ctime_ns)}"


def modified_at(status: os.stat_result) -> datetime:
    """When it changed last, or was moved to its place."""
    return datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC)


def failure(action: str, path: str, error: OSError) -> StoreError:
    """The error that says what the disk refused."""
    if isinstance(error, FileNotFoundError):
        return ObjectMissing(f"expected a file at {path}, found none: upload it again")
    reason = error.strerror or str(error)
    if error.errno == errno.ENAMETOOLONG and action in ("list", "look at", "read"):
        return ObjectUnreadable(f"the store could not {action} {path}: {reason}; choose a shorter name")
    if isinstance(error, PermissionError) and action in ("list", "look at", "read"):
        return ObjectUnreadable(f"the store could not {action} {path}: {reason}; let the user who runs this read it")
    if error.errno == errno.EIO and action in ("list", "look at", "read"):  # one bad place of a disk is no outage
        return ObjectUnreadable(f"the store could not {action} {path}: {reason}; check the disk, and store it again")
    return StoreError(f"the store could not {action} {path}: {reason}; check the disk and its permissions")


def changed(path: Path, since: str) -> str:
    """The message of an `ObjectChanged`."""
    return f"{path} changed since it was {since}: the new bytes are a new version, which the next look finds"
