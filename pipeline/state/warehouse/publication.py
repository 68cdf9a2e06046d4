"""Swaps a file in whole: one publication at a time, built aside, renamed over the old one.

Who has the old file open keeps it, a new reader finds the old or the new one. What a killed publication left behind
is removed by the next.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import WarehouseError
from pipeline.state.durable import put_in_place

LOCK_TIMEOUT_S = 120.0  # a publication takes seconds
_POLL_S = 0.05


@contextmanager
def publication(path: Path, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[Path]:
    """Lend the name of a file to build; after the block it takes the place of `path`, or is removed if that failed.

    What is read inside the block is newer than what any earlier publication read, because they take turns.

    Raises:
        WarehouseError: the folder cannot be written, or another publication goes on for too long.
    """
    building = path.with_name(f".{path.name}.{uuid.uuid4().hex}.building")
    with _os_errors(path), _lock(path, lock_timeout_s):
        remove_leftovers(path)
        try:
            yield building
            put_in_place(building, path)
        finally:
            remove_leftovers(path)


@contextmanager
def _lock(path: Path, timeout_s: float) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The file stays: removing it would let two processes lock two files of the same name. The system frees the lock
    # when its owner is killed.
    with path.with_name(f".{path.name}.lock").open("w") as file:
        deadline_s = time.monotonic() + timeout_s
        while not _is_locked(file.fileno()):
            if time.monotonic() > deadline_s:
                raise WarehouseError(
                    f"cannot publish {path}: another publication has been at work for {timeout_s:.0f} s; "
                    "find and stop the process that hangs, then try again"
                )
            time.sleep(_POLL_S)
        yield


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_leftovers(path: Path) -> None:
    """Remove what publications of this file began and did not end."""
    # With DuckDB's own companions: a write-ahead log, a folder for what does not fit into memory.
    prefix = f".{path.name}."
    for name in os.listdir(path.parent):
        if name.startswith(prefix) and ".building" in name:
            leftover = path.with_name(name)
            if leftover.is_dir():
                _remove_folder(leftover)
            else:
                leftover.unlink(missing_ok=True)


def _remove_folder(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink(missing_ok=True)
    folder.rmdir()


@contextmanager
def _os_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise WarehouseError(
            f"cannot publish {path}: {reason}; check the folder's space and permissions, and LORA_WAREHOUSE"
        ) from error
