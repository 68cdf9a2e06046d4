"""Takes a compressed file apart while it is read, with a limit on what it may grow to."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import zstandard

from pipeline.dataset.findings.finding_sentences import fault_sentence
from pipeline.dataset.formats.blocks_of_lines import ByteReader, Prefixed, read_head
from pipeline.dataset.model.conversation import ANY_SIZE
from pipeline.dataset.rules.mismatch import Mismatch

MAGIC_BYTES = 4  # that tell how a file is packed
MAX_EXPANSION = 200  # text compresses 3 to 20 times; a bomb a thousand times
FREE_BYTES = 64 * 2**20  # small files of one repeated row compress better than that, and do no harm
# How far back Zstandard may look, all of which is held: what its own program unpacks unasked. With `--long=31` a file
# may ask for 2 GiB; memory is taken as text comes, so such a file is read up to here, and no further.
MAX_WINDOW_BYTES = 2**27
_LARGEST_WINDOW_BYTES = 2**31
_LONGEST_FRAME_HEAD_BYTES = 18
_READ_BYTES = 2**18
_SMALL_BYTES = 2**8  # of a packed member that is taken at once
_PIECE_BYTES = 2**13  # unpacked at a time; what is left of it is copied for each member
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Compression(StrEnum):
    """How the file is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    ZIP = "zip"
    TAR = "tar"


class BrokenArchive(Exception):
    """The archive cannot be read further, or grows too much. code, mismatch: the finding's."""

    def __init__(self, code: str, mismatch: Mismatch) -> None:
        super().__init__(fault_sentence(code, mismatch))
        self.code = code
        self.mismatch = mismatch


def not_read(expected: str, found: str, remedy: str = "") -> BrokenArchive:
    """The refusal of an archive that is not taken apart."""
    return BrokenArchive("archive-not-read", Mismatch(expected, found, f"({remedy})" if remedy else None))


def broken_in(broken: BrokenArchive, name: str) -> BrokenArchive:
    """The same, with the name of the file that it is in."""
    expected, found, detail, column = broken.mismatch
    place = f"(in {name})"
    return BrokenArchive(broken.code, Mismatch(expected, found, f"{detail} {place}" if detail else place, column))


def compression_of(head: bytes) -> Compression:
    """What a file's first bytes say of how its text is packed; archives of files are told by `archives.py`."""
    if head.startswith(b"\x1f\x8b"):
        return Compression.GZIP
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Compression.ZSTD
    return Compression.NONE


def growth_fault(given_bytes: int, packed_bytes: int, max_bytes: int) -> BrokenArchive | None:
    """Why no more text is taken out of so many packed bytes: it is beyond reason, or over the limit.

    max_bytes: ANY_SIZE for neither.
    """
    if max_bytes == ANY_SIZE:
        return None
    if given_bytes > max(FREE_BYTES, MAX_EXPANSION * packed_bytes):
        return BrokenArchive("expands-too-much", Mismatch(f"at most {MAX_EXPANSION} times its size", "more"))
    if given_bytes > max_bytes:
        most = f"at most {max_bytes:,} bytes of text in the archive"
        return BrokenArchive("unpacked-too-large", Mismatch(most, "more"))
    return None


@dataclass(slots=True)
class _Window:
    """How far back a frame of Zstandard may look, and how much text came of it; a new one has not begun."""

    size_bytes: int = 0
    text_bytes: int = 0
    is_new: bool = True

    @classmethod
    def of(cls, packed: bytes) -> Self:
        """What the head of a frame says.

        Raises:
            BrokenArchive: it would take more memory than we give.
        """
        try:
            head = zstandard.get_frame_parameters(packed)
        except zstandard.ZstdError:  # no head at all: unpacking says so
            return cls(is_new=False)
        window = cls(head.window_size, is_new=False)
        if head.content_size != zstandard.CONTENTSIZE_UNKNOWN:
            window.check(head.content_size)
        return window

    def grow(self, size_bytes: int) -> None:
        """Count more text.

        Raises:
            BrokenArchive: it would take more memory than we give.
        """
        self.text_bytes += size_bytes
        self.check(self.text_bytes)

    def check(self, text_bytes: int) -> None:
        """See that what is kept of so much text is within bounds.

        Raises:
            BrokenArchive: it is not.
        """
        if min(self.size_bytes, text_bytes) > MAX_WINDOW_BYTES:
            raise BrokenArchive(
                "window-too-large",
                Mismatch(
                    f"a Zstandard window of at most {MAX_WINDOW_BYTES >> 20:,} MiB", f"{self.size_bytes >> 20:,} MiB"
                ),
            )


class Expanded:
    """The text in a compressed stream. It ends where the archive breaks; `broken` says so afterwards.

    read_bytes: how many bytes of the stream were read so far.
    """

    def __init__(self, stream: ByteReader, compression: Compression, max_bytes: int = 2**62) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._new: Callable[[], Any] = (  # two types with one shape, and one argument more
            (lambda: zlib.decompressobj(_GZIP_WINDOW))
            if compression is Compression.GZIP
            else zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW_BYTES).decompressobj
        )
        self._is_gzip = compression is Compression.GZIP
        self._unpacker: Any = self._new()
        self._stock, self._taken = b"", 0
        self._packed = b""
        self._ready = bytearray()
        self.read_bytes = self._given_bytes = 0
        self._is_begun, self._is_fresh = False, True  # the archive, and its member
        self._window = _Window()
        self.broken: BrokenArchive | None = None

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes of text; empty at the end, and where the archive breaks."""
        while len(self._ready) < min(size, _READ_BYTES) and self.broken is None and self._advance():
            pass
        text = bytes(self._ready[:size])
        del self._ready[:size]
        return text

    def _advance(self) -> bool:
        """Unpack some more; False at the end."""
        if self._unpacker.eof and not self._begin_member():
            return False
        wanted_bytes = 1 if self._is_gzip or not self._window.is_new else _LONGEST_FRAME_HEAD_BYTES
        while len(self._packed) < wanted_bytes and (piece := self._piece()):
            self._packed += piece
        if not self._packed:
            if self._is_begun and not self._unpacker.eof:
                self.broken = BrokenArchive("broken-archive", Mismatch("the archive's end", "it cut off"))
            return False
        try:
            text = self._small_members()
            text = self._unpack() if text is None else text
        except BrokenArchive as error:
            self.broken = error
            return False
        except (zlib.error, zstandard.ZstdError) as error:
            self.broken = BrokenArchive("broken-archive", Mismatch("a whole archive", f"a fault: {error}"))
            return False
        self._given_bytes += len(text)
        self.broken = growth_fault(self._given_bytes, self.read_bytes, self._max_bytes)
        if self.broken is not None:
            return False
        self._ready += text
        return True

    def _piece(self) -> bytes:
        """A few more bytes of the archive. What is at hand is small: an archive may have a member every 20 bytes."""
        if self._taken == len(self._stock):
            self._stock, self._taken = self._stream.read(_READ_BYTES), 0
            self.read_bytes += len(self._stock)
        piece = self._stock[self._taken : self._taken + _PIECE_BYTES]
        self._taken += len(piece)
        return piece

    def _small_members(self) -> bytes | None:
        """The text of whole members that follow each other at once: an archive may be nothing else.

        None of them grows to more than a few megabytes, whatever it says of itself. What is not as simple, or faulty,
        is left to `_unpack`.
        """
        if not self._is_fresh:
            return None
        texts: list[bytes] = []
        packed, at, text_bytes = self._packed, 0, 0
        while at < len(packed) and text_bytes < _READ_BYTES:
            unpacker, piece = self._new(), packed[at : at + _SMALL_BYTES]
            try:
                text = unpacker.decompress(piece)
            except (zlib.error, zstandard.ZstdError):
                break
            if not unpacker.eof:
                break
            at += len(piece) - len(unpacker.unused_data)
            texts.append(text)
            text_bytes += len(text)
            self._unpacker, self._is_begun = unpacker, True
        if not texts:
            self._unpacker = self._new()  # those of Zstandard share what they keep between calls
            return None
        self._packed = packed[at:]
        return b"".join(texts)

    def _unpack(self) -> bytes:
        is_fresh = self._is_fresh
        self._is_begun, self._is_fresh = True, False
        text: bytes
        if not self._is_gzip:
            if self._window.is_new:
                self._window = _Window.of(self._packed)
            # It has no bound on what one call gives; small pieces bound it.
            piece, self._packed = self._packed[:1024], self._packed[1024:]
            text = self._unpacker.decompress(piece)
            self._window.grow(len(text))
            rest = self._unpacker.unused_data
        else:
            before = None if is_fresh else self._unpacker.copy()
            try:
                text = self._unpacker.decompress(self._packed, 4 * _READ_BYTES)
            except zlib.error:
                self._ready += _salvaged(before or self._new(), self._packed)
                raise
            rest = self._unpacker.unused_data if self._unpacker.eof else b""
            self._packed = self._unpacker.unconsumed_tail
        if self._unpacker.eof:
            self._packed = rest + self._packed
        return text

    def _begin_member(self) -> bool:
        """Whether another member follows one that has ended; zeros may follow the last."""
        while not self._packed.strip(b"\0"):
            self._packed = self._piece()
            if not self._packed:
                return False
        self._unpacker, self._is_fresh = self._new(), True
        self._window = _Window()
        return True


def _salvaged(unpacker: Any, packed: bytes) -> bytes:
    """The text before the fault, which `decompress` loses when it meets one."""
    texts: list[bytes] = []
    try:
        for byte in packed:
            texts.append(unpacker.decompress(bytes([byte])))
    except zlib.error:
        pass
    return b"".join(texts)


def unpacked(
    stored: ByteReader, max_bytes: int = 2**62, head: bytes | None = None
) -> tuple[ByteReader, Expanded | None]:
    """The text of a file from its first byte on, and what it is taken out of where it is packed.

    head: its first bytes, where they were read already.
    """
    head = read_head(stored, MAGIC_BYTES) if head is None else head
    whole = Prefixed(head, stored)
    compression = compression_of(head)
    expanded = None if compression is Compression.NONE else Expanded(whole, compression, max_bytes)
    return expanded or whole, expanded
