"""Finds the files in a zip or tar archive, and refuses those that are not simply there to be read.

Nothing is unpacked to the disk: the archive itself lies in a temporary file, and its files are read out of it. Which of
them are data, and how they become one text, is in `archive_text.py`.
"""

import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

from pipeline.dataset.formats.blocks_of_lines import ByteReader
from pipeline.dataset.formats.containers import BrokenArchive, Compression, not_read
from pipeline.dataset.formats.sniff import is_tar
from pipeline.dataset.formats.tar_headers import BLOCK_BYTES, TarHeaders
from pipeline.dataset.model.printable import printable

FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RecursionError,
)
"""What reading an archive raises that is damaged."""
MAX_ENTRIES = 100_000  # of a hostile archive each is an object of a kilobyte
_ZIP_END = b"PK\x05\x06"
_ZIP_MARKS = (b"PK\x03\x04", _ZIP_END)
_ZIP_END_BYTES = 22
_LOCAL_HEADER_BYTES = 30
_LARGEST_DESCRIPTOR_BYTES = 24  # what may stand behind a file
# A list of files, or what is said of one, is read at once: 4 MiB are some 40,000 files of a zip.
_MOST_AT_ONCE = 2**22
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others have no bound on what one call unpacks
_DRIVE = re.compile(r"[A-Za-z]:")
_SHOWN_CHARACTERS = 100
_READ_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A plain file in an archive."""

    name: str
    """Its path there, with `/`."""
    begin: Callable[[], ByteReader]
    """Its bytes, from the first on."""


def archive_of(head: bytes) -> Compression:
    """The kind of archive of files that begins so; NONE for everything else. head: 512 bytes or more, if it has them.

    >>> archive_of(b"PK\\x03\\x04")
    <Compression.ZIP: 'zip'>
    """
    if head.startswith(_ZIP_MARKS):
        return Compression.ZIP
    return Compression.TAR if is_tar(head[:BLOCK_BYTES]) else Compression.NONE


def files_of(copy: IO[bytes], kind: Compression) -> Iterator[ArchivedFile]:
    """The plain files of an archive, in its order; folders are passed over. copy: the archive, seekable.

    Raises:
        BrokenArchive: one of them is encrypted, a link, or has a path that leads out; or there are too many.
        zipfile.BadZipFile, tarfile.TarError and others of FAULTS: the archive is damaged.
    """
    guarded = cast(IO[bytes], _Guarded(copy))
    found = _files_of_zip(guarded) if kind is Compression.ZIP else _files_of_tar(guarded)
    names: set[str] = set()
    for file in found:
        if file.name in names:
            raise not_read("each path once", f"{shown(file.name)} twice")
        names.add(file.name)
        yield file


def shown(name: str) -> str:
    """A path of an archive as it may stand in a message."""
    return printable(name, _SHOWN_CHARACTERS)


def _files_of_zip(copy: IO[bytes]) -> Iterator[ArchivedFile]:
    archive = zipfile.ZipFile(copy)
    _check_covered(copy, archive)
    for count, info in enumerate(archive.infolist(), start=1):
        _check_count(count)
        name = _checked(info.orig_filename)
        if info.flag_bits & 1:
            remedy = "unpack it with its password, and pack it again without one"
            raise not_read("files without a password", f"{shown(name)} encrypted", remedy)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise not_read("plain files", f"{shown(name)}, a link")
        if info.is_dir() or name.endswith("/"):
            continue
        if info.compress_type not in _PLAIN_METHODS:
            remedy = "pack it again: zip -Z deflate"
            raise not_read("files stored or deflated", f"{shown(name)} packed by method {info.compress_type}", remedy)
        yield ArchivedFile(name, _opening_zip(archive, info))


def _check_covered(copy: IO[bytes], archive: zipfile.ZipFile) -> None:
    """See that the archive's list names all that stands in it: of two archives in one file it is that of the last."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset - end > _LARGEST_DESCRIPTOR_BYTES or (info.header_offset and not end):
            raise _more_than_one()
        copy.seek(info.header_offset)
        header = copy.read(_LOCAL_HEADER_BYTES)
        if len(header) < _LOCAL_HEADER_BYTES or not header.startswith(_ZIP_MARKS):
            return  # reading the file says so
        name_bytes, extra_bytes = struct.unpack("<HH", header[-4:])
        end = max(end, info.header_offset + _LOCAL_HEADER_BYTES + name_bytes + extra_bytes + info.compress_size)
    if archive.start_dir - end > _LARGEST_DESCRIPTOR_BYTES or (archive.start_dir and not end):
        raise _more_than_one()
    copy.seek(0, 2)
    size_bytes = copy.tell()
    copy.seek(size_bytes - _ZIP_END_BYTES - len(archive.comment))
    if not copy.read(_ZIP_END_BYTES).startswith(_ZIP_END):
        raise _more_than_one()


def _more_than_one() -> BrokenArchive:
    return not_read("one archive and no more", "bytes that it does not name", "pack all files into one archive")


def _opening_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], ByteReader]:
    return lambda: cast(ByteReader, archive.open(info))


def _files_of_tar(copy: IO[bytes]) -> Iterator[ArchivedFile]:
    for count, info in enumerate(_members_of_tar(copy), start=1):
        _check_count(count)
        name = _checked(info.name)
        if info.isdir():
            continue
        if not info.isreg() or info.issparse():
            kind = "a link" if info.issym() or info.islnk() else "no plain file"
            raise not_read("plain files", f"{shown(name)}, {kind}", "tar --dereference packs what links lead to")
        yield ArchivedFile(name, _opening_tar(copy, info.offset_data, info.size))


def _members_of_tar(copy: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    headers = TarHeaders(copy)
    headers.check(0)
    archive = tarfile.TarFile(fileobj=copy)
    while (info := archive.next()) is not None:
        cast(Any, archive).members = []  # it would keep them all
        if info.size < 0 or archive.offset <= info.offset:
            raise tarfile.ReadError("a size below zero")
        yield info
        headers.check(archive.offset)
    copy.seek(archive.offset)
    if copy.read(BLOCK_BYTES).strip(b"\0"):  # `next` ends at a damaged header as at the archive's end
        raise tarfile.ReadError("a header is damaged")
    while piece := copy.read(_READ_BYTES):
        if piece.strip(b"\0"):
            raise _more_than_one()


def _opening_tar(copy: IO[bytes], start: int, size_bytes: int) -> Callable[[], ByteReader]:
    return lambda: _Slice(copy, start, size_bytes)


class _Slice:
    """A file in a tar: bytes of the archive as they stand. Of one that is cut off all that is there is read first."""

    def __init__(self, copy: IO[bytes], start: int, size_bytes: int) -> None:
        self._copy = copy
        self._at, self._end = start, start + size_bytes

    def read(self, size: int, /) -> bytes:
        self._copy.seek(self._at)
        piece = self._copy.read(min(size, self._end - self._at))
        self._at += len(piece)
        if not piece and self._at < self._end and size:
            raise tarfile.ReadError("unexpected end of data")
        return piece


def _check_count(count: int) -> None:
    if count > MAX_ENTRIES:
        raise not_read(f"at most {MAX_ENTRIES:,} files", "more")


def _checked(name: str) -> str:
    """The path with `/`, where it stays in the archive."""
    path = name.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts or "\0" in path:
        raise not_read("paths inside the archive", shown(name), "pack the file again, from the folder it lies in")
    return "/".join(part for part in parts if part != ".")


class _Guarded:
    """An archive's bytes, of which nobody takes many at once: what an archive says of itself may be any size."""

    def __init__(self, copy: IO[bytes]) -> None:
        self._copy = copy

    def read(self, size: int = -1, /) -> bytes:
        data = self._copy.read(min(size, _MOST_AT_ONCE + 1) if size >= 0 else _MOST_AT_ONCE + 1)
        if len(data) > _MOST_AT_ONCE:
            raise not_read(f"a list of files of at most {_MOST_AT_ONCE >> 20} MiB", "a larger one")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == 0 and offset < 0:
            raise zipfile.BadZipFile("a file that begins before the archive")
        return self._copy.seek(offset, whence)

    def tell(self) -> int:
        return self._copy.tell()

    def seekable(self) -> bool:
        return True
