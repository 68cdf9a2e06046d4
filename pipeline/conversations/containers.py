"""Takes a compressed file apart while it is read, with a limit on what it may grow to."""

import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import zstandard

from pipeline.conversations.reader import ByteReader

MAX_EXPANSION = 200  # text compresses 3 to 20 times; a bomb a thousand times
FREE_BYTES = 64 * 2**20  # small files of one repeated row compress better than that, and do no harm
_READ_BYTES = 2**18
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Compression(StrEnum):
    """How the file is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class BrokenArchive(Exception):
    """The archive cannot be read further, or grows too much. code: the finding's; the text is its detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def compression_of(head: bytes) -> Compression:
    """What a file's first bytes say."""
    if head.startswith(b"\x1f\x8b"):
        return Compression.GZIP
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Compression.ZSTD
    return Compression.NONE


class Expanded:
    """The text in a compressed stream. It ends where the archive breaks; `broken` says so afterwards."""

    def __init__(self, stream: ByteReader, compression: Compression, max_bytes: int = 2**62) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._new: Callable[[], Any] = (  # two types with one shape, and one argument more
            (lambda: zlib.decompressobj(_GZIP_WINDOW))
            if compression is Compression.GZIP
            else (lambda: zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj())
        )
        self._is_gzip = compression is Compression.GZIP
        self._unpacker: Any = self._new()
        self._packed = b""
        self._ready = bytearray()
        self._read_bytes = self._given_bytes = 0
        self._is_begun = False
        self.broken: BrokenArchive | None = None

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of text; empty at the end, and where the archive breaks."""
        while not self._ready and self.broken is None and self._advance():
            pass
        text = bytes(self._ready[:size])
        del self._ready[:size]
        return text

    def _advance(self) -> bool:
        """Unpack some more; False at the end."""
        if not self._packed:
            self._packed = self._stream.read(_READ_BYTES)
            self._read_bytes += len(self._packed)
            if not self._packed:
                if self._is_begun and not self._unpacker.eof:
                    self.broken = BrokenArchive("broken-archive", "expected the archive's end, found it cut off")
                return False
        try:
            text = self._unpack()
        except (zlib.error, zstandard.ZstdError) as error:
            self.broken = BrokenArchive("broken-archive", f"expected a whole archive, found a fault: {error}")
            return False
        self._given_bytes += len(text)
        if self._given_bytes > max(FREE_BYTES, MAX_EXPANSION * self._read_bytes):
            detail = f"expected at most {MAX_EXPANSION} times its size, found more"
            self.broken = BrokenArchive("expands-too-much", detail)
            return False
        if self._given_bytes > self._max_bytes:
            detail = f"expected at most {self._max_bytes:,} bytes of text in the archive, found more"
            self.broken = BrokenArchive("unpacked-too-large", detail)
            return False
        self._ready += text
        return True

    def _unpack(self) -> bytes:
        self._is_begun = True
        text: bytes
        if not self._is_gzip:
            # It has no bound on what one call gives; small pieces bound it.
            piece, self._packed = self._packed[:1024], self._packed[1024:]
            text = self._unpacker.decompress(piece)
            rest = self._unpacker.unused_data
        else:
            before = self._unpacker.copy()
            try:
                text = self._unpacker.decompress(self._packed, 4 * _READ_BYTES)
            except zlib.error:
                self._ready += _salvaged(before, self._packed)
                raise
            rest = self._unpacker.unused_data if self._unpacker.eof else b""
            self._packed = self._unpacker.unconsumed_tail
        if self._unpacker.eof:
            self._packed = rest + self._packed
            if self._packed.strip(b"\0"):
                self._unpacker = self._new()
            else:
                self._packed = b""
        return text


def _salvaged(unpacker: Any, packed: bytes) -> bytes:
    """The text before the fault, which `decompress` loses when it meets one."""
    texts: list[bytes] = []
    try:
        for byte in packed:
            texts.append(unpacker.decompress(bytes([byte])))
    except zlib.error:
        pass
    return b"".join(texts)
