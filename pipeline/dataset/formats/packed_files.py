"""Several files as one stream: a tar archive that is made while it is read, so that they are one dataset as in one.

What becomes of its files is in `archive_text.py`; nothing is written to the disk here.
"""

import errno
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES, Pieced

_ENDS_ON = tarfile.BLOCKSIZE


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the disk, and its path in the archive."""

    name: str
    path: Path


def packed_below(paths: Sequence[Path]) -> list[PackedFile]:
    """Files, by absolute paths, each with its path below the folder that all share."""
    shared = commonpath([path.parent for path in paths])
    return [PackedFile(path.relative_to(shared).as_posix(), path) for path in paths]


class PackedFiles:
    """The archive of these files, as a stream.

    Raises where it is read:
        OSError: a file cannot be read, or became shorter meanwhile.
    """

    def __init__(self, files: Sequence[PackedFile]) -> None:
        self._bytes = Pieced(_archive_of(files))

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        return self._bytes.read(size)


def _archive_of(files: Sequence[PackedFile]) -> Iterator[bytes]:
    for file in files:
        with file.path.open("rb") as stream:
            info = tarfile.TarInfo(file.name)
            info.size = left = file.path.stat().st_size
            yield info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
            while left:
                piece = stream.read(min(left, BLOCK_BYTES))
                if not piece:
                    raise OSError(errno.EIO, "it became shorter while it was read", str(file.path))
                left -= len(piece)
                yield piece
            yield bytes(-info.size % _ENDS_ON)
    yield bytes(2 * _ENDS_ON)
