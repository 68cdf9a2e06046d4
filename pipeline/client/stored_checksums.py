"""Whether the store has the bytes of a file: what the service says of them, computed here once more."""

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import RequestRefused

_BLOCK_BYTES = 1 << 20


def check_content(file: Path, checksum: str, part_sizes: Sequence[int]) -> None:
    """Compare a file with what the store knows of the bytes that it has (`ConfirmedUpload.checksum`).

    checksum: empty, or of a kind that we do not know, where nothing can be compared; then only the SHA-256 of the
    verdict tells. part_sizes: how many bytes each part had that was sent to S3.

    Raises:
        RequestRefused: other bytes are there.
    """
    kind, _, found = checksum.partition(":")
    match kind:
        case "sha256" | "md5":
            expected = hash_of(file, kind)
        case "md5-of-parts":
            expected = _multipart_etag(file, part_sizes)
        case "crc32":
            expected = _crc32(file)
        case _:
            return
    if found != expected:
        raise RequestRefused(
            f"{file}: expected the checksum {expected} in the store, found {found}: the file changed while it was "
            "sent, or was damaged on the way; upload it again"
        )


def _crc32(file: Path) -> str:
    value = 0
    with file.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            value = zlib.crc32(block, value)
    return f"{value:08x}"


def hash_of(file: Path, algorithm: str) -> str:
    """The checksum of a file by an algorithm that hashlib knows, in hex."""
    with file.open("rb") as source:
        # S3 chose MD5; it says whether bytes are the same, nothing about who sent them.
        return hashlib.file_digest(source, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _multipart_etag(file: Path, part_sizes: Sequence[int]) -> str:
    digests = b""
    with file.open("rb") as source:
        for size_bytes in part_sizes:
            part = hashlib.md5(usedforsecurity=False)
            while size_bytes and (block := source.read(min(_BLOCK_BYTES, size_bytes))):
                part.update(block)
                size_bytes -= len(block)
            digests += part.digest()
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(part_sizes)}"
