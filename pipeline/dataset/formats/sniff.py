"""Tells from a file's first bytes that it is no JSON Lines text at all, so that it gets one clear sentence."""

import re

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.rules.mismatch import Mismatch

HEAD_BYTES = 512  # the header of a tar archive

_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),  # in another archive: the outer one was unpacked
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF-", "a PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of old Office"),
    (b"Obj\x01", "an Avro file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x7fELF", "a program"),
    *((b"\x80%c" % version, "a Python pickle") for version in range(2, 6)),
)
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


# Names of files in a workbook's archive; a text document has others.
_WORKBOOK_FILES = (b"xl/workbook.xml", b"xl/worksheets/", b"xl/styles.xml", b"xl/theme/", b"xl/_rels/")
_WORKBOOK = "(save its sheet as CSV UTF-8; such a table is read as it is)"
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def is_tar(head: bytes) -> bool:
    """Whether it is the header of a tar archive, which has the sum of its bytes.

    One that is damaged is told by its mark, where it has NUL as well: a text may have the word in the same place.
    """
    if head[257:262] == b"ustar" and b"\0" in head:
        return True
    checksum = head[148:156].strip(b" \0")
    if len(head) < HEAD_BYTES or not head[0] or not re.fullmatch(rb"[0-7]{3,7}", checksum):
        return False
    return sum(head[:148]) + 8 * ord(" ") + sum(head[156:512]) == int(checksum, 8)


def sniff(head: bytes, more: bytes = b"") -> Finding | None:
    """The finding that speaks of the whole file, if its first HEAD_BYTES bytes say that it is no text in UTF-8.

    more: of its beginning, where names of an archive's files may stand.
    """
    if not head:
        return Finding(1, 0, "empty-file", "$", Mismatch("at least one line", "an empty file"))
    if head.startswith(b"PK\x03\x04") and any(name in head + more for name in _WORKBOOK_FILES):
        return Finding(1, 0, "binary-file", "$", Mismatch("JSON Lines text", "an Excel workbook", _WORKBOOK))
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return Finding(1, 0, "binary-file", "$", Mismatch("JSON Lines text", name))
    if is_tar(head):
        return Finding(1, 0, "binary-file", "$", Mismatch("JSON Lines text", "a tar archive", "(tar -xf unpacks it)"))
    if head.startswith(_LFS_POINTER):
        found = "a Git LFS pointer instead of the file"
        detail = "(git lfs pull fetches the file)"
        return Finding(1, 0, "unknown-format", "$", Mismatch("rows of a format that we know", found, detail))
    for mark, name in _WIDE_MARKS:
        if head.startswith(mark):
            return Finding(1, 0, "utf16-file", "$", Mismatch("UTF-8", f"the byte order mark of {name}"))
    if len(head) >= 16 and not any(head):
        zeros = "NUL bytes, as a power cut or a broken copy leaves them"
        return Finding(1, 0, "binary-file", "$", Mismatch("JSON Lines text", zeros))
    if len(head) >= 16 and (not any(head[1:16:2]) or not any(head[0:16:2])):
        return Finding(1, 0, "utf16-file", "$", Mismatch("UTF-8", "a NUL in every second byte, as in UTF-16"))
    return None
