"""Whether the store has the bytes of a file: what the service says of them, computed here once more."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import RequestRefused

_BLOCK_BYTES = 1 << 20


def check_content(file: Path, content_version: str, part_sizes: Sequence[int]) -> None:
    """Compare a file with the version that the service confirmed: the SHA-256 of it, or S3's ETag.

    part_sizes: how many bytes each part had that was sent to S3.

    Raises:
        RequestRefused: other bytes are there.
    """
    kind, _, found = content_version.partition(":")
    if kind == "sha256":
        expected = _hash(file, "sha256")
    elif kind == "etag" and _is_of_md5(found):
        expected = _multipart_etag(file, part_sizes) if "-" in found else _hash(file, "md5")
    else:  # encrypted with a key of one's own: S3 gives no checksum then
        return
    if found != expected:
        raise RequestRefused(
            f"{file}: expected the checksum {expected} in the store, found {found}: the file changed while it was "
            "sent, or was damaged on the way; upload it again"
        )


def _is_of_md5(etag: str) -> bool:
    digest = etag.partition("-")[0]
    return len(digest) == 32 and all(c in "0123456789abcdef" for c in digest)


def _hash(file: Path, algorithm: str) -> str:
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
