"""Puts files in place so that they survive a power cut: the content is on the disk before the name, then the name.

Every rename and link of the project goes through here; a guard test looks for others.
"""

import errno
import os
from pathlib import Path

_NOT_FOR_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}  # what shares of other systems answer


def put_in_place(source: Path, target: Path, *, replaces: bool = True) -> None:
    """Rename a whole file to its place.

    replaces: what is there gives way; else a file that is there stays, and so does the source, linked once more.

    Raises:
        FileExistsError: something is there, and is to stay.
        OSError: the disk refuses.
    """
    sync(source)
    if replaces:
        os.replace(source, target)
    else:
        os.link(source, target)  # unlike a rename it fails where somebody was quicker
    sync_folder(target.parent)


def sync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the file system can say so."""
    try:
        sync(path)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise
