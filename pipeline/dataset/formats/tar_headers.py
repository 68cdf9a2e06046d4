"""Looks at the headers of a tar archive before Python's own reader does, which trusts what they say of themselves.

Of a long run of digits it reads each digit again and again, for a chain of long names it calls itself once a name, and
a size below zero leads it back to what it has read.
"""

import re
import tarfile
from typing import IO

from pipeline.dataset.formats.containers import not_read

BLOCK_BYTES = 512
MOST_BEFORE_FILE = 8
MOST_BYTES = 2**14  # names of files are at most 4 KiB long
_MOST_BYTES_TOGETHER = 2**24  # a kilobyte or two for each of many files
_MOST_BYTES_OF_ALL = 2**14  # what is said of all files is read again for each
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_RECORDS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_RECORD = re.compile(rb"([0-9]{1,6}) [^=\n]+=")
_MANY_DIGITS = re.compile(rb"[0-9]{256}")
_SPARSE_RECORD = b"GNU.sparse."


class TarHeaders:
    """Checks what stands before each file of a tar. copy: the archive, seekable; it is left where it was."""

    def __init__(self, copy: IO[bytes]) -> None:
        self._copy = copy
        self._bytes = self._bytes_of_all = 0

    def check(self, offset: int) -> None:
        """Look at the headers of the file that begins there. One that is cut off, or none at all, is not looked at.

        Raises:
            BrokenArchive: there is more of them than any archive needs.
            tarfile.ReadError: one is damaged.
        """
        before = self._copy.tell()
        for _ in range(MOST_BEFORE_FILE + 1):
            self._copy.seek(offset)
            header = _header_of(self._copy.read(BLOCK_BYTES))
            if header is None or not self._is_further(header):
                break
            offset += BLOCK_BYTES + -(-header.size // BLOCK_BYTES) * BLOCK_BYTES
        else:
            raise not_read(f"at most {MOST_BEFORE_FILE} headers before a file", "more")
        self._copy.seek(before)

    def _is_further(self, header: tarfile.TarInfo) -> bool:
        """Whether it says more of the file whose header follows; what it says is looked at."""
        if header.size < 0:
            raise tarfile.ReadError("a size below zero")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise not_read("plain files", "one with holes", "pack it without --sparse")
        if header.type not in (*_LONG_NAMES, *_RECORDS):
            return False
        self._bytes += header.size
        is_of_all = header.type == tarfile.XGLTYPE
        self._bytes_of_all += header.size if is_of_all else 0
        if header.size > MOST_BYTES or self._bytes_of_all > _MOST_BYTES_OF_ALL:
            raise not_read(f"a header of at most {MOST_BYTES >> 10} KiB", "a larger one")
        if self._bytes > _MOST_BYTES_TOGETHER:
            raise not_read(f"at most {_MOST_BYTES_TOGETHER >> 20} MiB of headers", "more")
        if header.type in _RECORDS:
            _check_records(self._copy.read(-(-header.size // BLOCK_BYTES) * BLOCK_BYTES))
        return True


def _header_of(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:  # the end, or a damaged one, which the reader tells
        return None


def _check_records(data: bytes) -> None:
    """See that records, of which each says how long it is, follow each other without a gap."""
    at = 0
    while at < len(data) and data[at]:
        match = _RECORD.match(data, at)
        end = at + int(match[1]) if match else 0
        if not match or end <= match.end() or data[end - 1 : end] != b"\n":
            raise tarfile.ReadError("a header is damaged")
        at = end
    if data[at:].strip(b"\0") or _MANY_DIGITS.search(data):
        raise tarfile.ReadError("a header is damaged")
    if _SPARSE_RECORD in data:
        raise not_read("plain files", "one with holes", "pack it without --sparse")
