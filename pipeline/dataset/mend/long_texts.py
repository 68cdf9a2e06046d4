"""Long texts of a row lie in a file while it is mended: memory is that of the row as it stands, not of many copies.

A long text keeps its edges; between them a stand-in takes the place of its middle, which comes back when the row is
written. No remedy, and no rule that mending asks, looks further into a text. Texts that are equal, once trimmed and
however they are escaped, are equal with their stand-ins too, so that repeats are found.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.model.json_text import STRICT
from pipeline.dataset.reading.judge_line import is_too_full

LONG_BYTES = 2**16  # a text of fewer costs less than a look at it
_EDGE_CHARACTERS = 64
_PIECE_BYTES = 2**18
_MOST_WHITE_BYTES = 2**12  # at the end of a text, where they are looked at one by one
_BACKSLASH = ord("\\")
_WIDEST = len(rb"\ud83d\ude00")  # a character as it may be written

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)', re.DOTALL)  # one without an end is looked at once
_ESCAPED = (
    rb"\\[^u]"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair is one character
    rb"|\\u(?![dD][89abAB])[0-9a-fA-F]{4}"
)
_CHARACTER = re.compile(rb"[^\\\x80-\xff]|[\xc0-\xff][\x80-\xbf]*+|" + _ESCAPED, re.DOTALL)
_CHARACTERS = re.compile(rb"(?:[^\\]++|" + _ESCAPED + rb")*+", re.DOTALL)
_WHITE = rb"(?: |\\[tnrf]|\\u00(?:0[9a-dA-D]|20))"  # as answers are trimmed
_WHITES = re.compile(_WHITE + rb"*+")
_WHITE_END = re.compile(_WHITE + rb"\Z")

Places = dict[str, list[tuple[int, int]]]
"""By stand-in, where the bytes lie in the file and how many they are; an item each time that it stands in the row."""


class LongTexts:
    """The middles of long texts, in a file at `path`."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._file = path.open("w+b")
        self._size_bytes = 0
        self._name = secrets.token_hex(16)  # nobody can write a text that looks like a stand-in
        self._stand_in = re.compile(rb"%b[0-9a-f]{32}(?:\\n)?\." % self._name.encode())

    @property
    def has_any(self) -> bool:
        """Whether a text was shortened."""
        return self._size_bytes > 0

    def may_shorten(self, row_bytes: int) -> bool:
        """Whether a row of that size can have a long text."""
        return LONG_BYTES < row_bytes <= self._limits.max_line_bytes

    def shortened(self, row: bytes) -> tuple[bytes, Places]:
        """The row with stand-ins, and where the middles of its long texts are.

        A row that has none stays as it is, and one that is not plain JSON, since its findings tell bytes and columns.
        """
        if not self.may_shorten(len(row)):
            return row, {}
        places: Places = {}
        pieces: list[bytes] = []
        end = 0
        for string in _STRINGS.finditer(row):
            if string[1] != b'"':
                return row, {}  # no JSON
            first, last = string.start() + 1, string.end() - 1
            middle = _middle_of(row, first, last) if last - first > LONG_BYTES else None
            if middle is not None:
                start, stop, said = middle
                name = f"{self._name}{said}."
                places.setdefault(name, []).append((self._keep(memoryview(row)[start:stop]), stop - start))
                pieces += (row[end:start], name.encode())
                end = stop
        if not places:
            return row, {}
        short = b"".join([*pieces, row[end:]])
        return (short, places) if self._is_plain(short) else (row, {})

    def whole(self, text: bytes, places: Places) -> Iterator[bytes]:
        """The text with what its stand-ins stand for, in pieces."""
        end = 0
        for found, (start, size) in self._stand_ins(text, places):
            yield text[end : found.start()]
            for at in range(start, start + size, _PIECE_BYTES):
                self._file.seek(at)
                yield self._file.read(min(_PIECE_BYTES, start + size - at))
            end = found.end()
        yield text[end:]

    def hidden_bytes(self, text: bytes, places: Places) -> int:
        """How much longer the text is without its stand-ins."""
        return sum(size - len(found.group()) for found, (_, size) in self._stand_ins(text, places))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def _stand_ins(self, text: bytes, places: Places) -> Iterator[tuple[re.Match[bytes], tuple[int, int]]]:
        """Each stand-in of the text, and its place. What remedies take away is at the end, so the order stays."""
        if places:
            left = {name: iter(listed) for name, listed in places.items()}
            for found in self._stand_in.finditer(text):
                yield found, next(left[found.group().decode()])

    def _keep(self, middle: memoryview) -> int:
        at = self._size_bytes
        self._file.seek(at)
        self._file.write(middle)
        self._size_bytes += len(middle)
        return at

    def _is_plain(self, short: bytes) -> bool:
        try:
            text = short.removeprefix(BYTE_ORDER_MARK).decode()
            if is_too_full(text, self._limits.max_values):
                return False
            STRICT.decode(text)
        except (ValueError, RecursionError):
            return False
        return True


def _middle_of(row: bytes, first: int, last: int) -> tuple[int, int, str] | None:
    """Where the middle of a text begins and ends, and the hash of what it says; with a line break, if it has any.

    None where the text has to stay: it is short, it may be JSON itself, it may be white, or something is wrong in it.
    """
    start = first = _end(_WHITES, row, first, last)
    last = _end_of_text(row, first, last)
    for _ in range(_EDGE_CHARACTERS):
        start = _end(_CHARACTER, row, start, last)
    head = _text_of(row[first:start])
    if not head or not head.strip() or head[0] in '{["':
        return None
    digest, size_bytes, has_break, end = hashlib.blake2b(digest_size=16), 0, False, start
    for begin, end in _pieces(row, start, last):
        text = _text_of(row[begin:end])
        if text is None:
            return None
        said = text.encode()
        digest.update(said)
        size_bytes += len(said)
        has_break = has_break or len(f"{text}.".splitlines()) > 1
    if size_bytes <= LONG_BYTES or _text_of(row[end:last]) is None:
        return None
    break_ = r"\n" if has_break else ""  # whether a text is of several lines decides how it is trimmed
    return start, end, digest.hexdigest() + break_


def _pieces(row: bytes, start: int, last: int) -> Iterator[tuple[int, int]]:
    """Pieces of whole characters, until only the edge is left; or until a fault, which is the last one then."""
    tail = last - _EDGE_CHARACTERS * _WIDEST
    while start < tail and (stop := _end_of_characters(row, start, min(start + _PIECE_BYTES, tail))) > start:
        yield start, stop
        start = stop
    if start < tail - _WIDEST:
        yield start, start + _WIDEST
        return
    begins = [found.start() for found in _CHARACTER.finditer(row, start, last)]
    if len(begins) > _EDGE_CHARACTERS:
        yield start, begins[-_EDGE_CHARACTERS]


def _end(pattern: re.Pattern[bytes], row: bytes, start: int, limit: int) -> int:
    """Where what the pattern finds at the start ends; the start where that is nothing."""
    found = pattern.match(row, start, limit)
    return found.end() if found else start


def _end_of_characters(row: bytes, start: int, limit: int) -> int:
    """The end of the last whole character before the limit."""
    end = _end(_CHARACTERS, row, start, limit)
    while end > start and row[end] & 0xC0 == 0x80:
        end -= 1
    return end


def _end_of_text(row: bytes, first: int, last: int) -> int:
    """Where the white space after a text begins; the first place where that is too far away to look for."""
    end = last
    while end > max(first, last - _MOST_WHITE_BYTES):
        found = _WHITE_END.search(row[max(first, end - len(r"\u0020")) : end])
        if found is None or (
            row[end - len(found.group())] == _BACKSLASH and _is_escaped(row, end - len(found.group()))
        ):
            return end
        end -= len(found.group())
    return first


def _is_escaped(row: bytes, at: int) -> bool:
    """Whether an odd number of backslashes stands before the place."""
    count = 0
    while row[at - count - 1] == _BACKSLASH:  # a text begins with a quote
        count += 1
    return count % 2 == 1


def _text_of(piece: bytes) -> str | None:
    """What a piece of a JSON text says; None where it is not right, or holds a NUL."""
    try:
        text: str = msgspec.json.decode(b'"%b"' % piece, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None if "\0" in text else text
