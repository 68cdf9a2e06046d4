"""Turns JSON string literals into their text, many at once, on bytes.

Decoding each string to a Python object and encoding it again for the column costs as much as all the rest of
reading; most literals hold two or three escapes, so it is cheaper to mend the bytes in place.
"""

import numpy as np

from pipeline.conversations.flags import Bytes, Integers, count_before, padded

_QUOTE, _BACKSLASH, _U = ord('"'), ord("\\"), ord("u")

_MEANING = np.zeros(256, dtype=np.uint8)  # RFC 8259, section 7
for _escape, _text in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
    _MEANING[_escape] = _text

_HEX = np.zeros(256, dtype=np.int64)
for _digit in b"0123456789abcdefABCDEF":
    _HEX[_digit] = int(chr(_digit), 16)

_GONE = 0xFF  # marks bytes to remove; no byte of UTF-8 has this value


def unescape(literals: list[bytes]) -> tuple[Bytes, Integers]:
    """UTF-8 of all the texts, end to end, and their n + 1 positions.

    literals: n valid JSON strings (or any buffers of them) with their quotes; no lone surrogates, no line breaks.

    Raises:
        ValueError: a literal is another JSON value, not a string.
    """
    count = len(literals)
    joined = bytearray(b"\n").join([*literals, b""])
    raw = np.frombuffer(joined, dtype=np.uint8)
    starts = np.zeros(count + 1, dtype=np.int64)
    breaks = np.flatnonzero(raw == ord("\n"))
    starts[1:] = breaks + 1
    if not (raw[starts[:-1]] == _QUOTE).all():
        raise ValueError("expected JSON strings")
    backslashes = np.flatnonzero(raw == _BACKSLASH)
    raw[breaks] = raw[starts[:-1]] = raw[breaks - 1] = _GONE
    if len(backslashes):
        _mend(raw, _escape_starts(backslashes))
    gone = np.zeros(padded(len(raw)), dtype=np.bool_)
    np.equal(raw, _GONE, out=gone[: len(raw)])
    text = joined.replace(bytes([_GONE]), b"")
    return np.frombuffer(text, dtype=np.uint8), starts - count_before(gone, starts)


def _escape_starts(backslashes: Integers) -> Integers:
    """The backslashes that begin an escape: every second one of a run of them, from its first."""
    follows = np.diff(backslashes, prepend=-2) == 1
    if not follows.any():
        return backslashes
    places = np.arange(len(backslashes))
    run_starts = np.maximum.accumulate(np.where(follows, 0, places))
    starts: Integers = backslashes[(places - run_starts) % 2 == 0]
    return starts


def _mend(raw: Bytes, escapes: Integers) -> None:
    kinds = raw[escapes + 1]
    raw[escapes] = _GONE
    raw[escapes + 1] = _MEANING[kinds]
    unicode_escapes = escapes[kinds == _U]
    if len(unicode_escapes):
        _mend_unicode(raw, unicode_escapes)


def _mend_unicode(raw: Bytes, at: Integers) -> None:
    r"""Write each `\uXXXX` as UTF-8 into the last bytes it occupies, and a pair into those of its second half."""
    code = np.zeros(len(at), dtype=np.int64)
    for digit in range(2, 6):
        code = code << 4 | _HEX[raw[at + digit]]
    is_high = (code >= 0xD800) & (code <= 0xDBFF)
    second = np.flatnonzero(is_high) + 1
    code[second] = 0x10000 + ((code[second - 1] - 0xD800) << 10) + (code[second] - 0xDC00)
    width = np.where(is_high, 0, 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000))
    for size, lead in ((1, 0x00), (2, 0xC0), (3, 0xE0), (4, 0xF0)):
        chosen = width == size
        if chosen.any():
            _write(raw, at[chosen], code[chosen], size, lead)
    for place in range(1, 6):
        raw[at[place < 6 - width] + place] = _GONE


def _write(raw: Bytes, at: Integers, code: Integers, size: int, lead: int) -> None:
    raw[at + 6 - size] = lead | code >> 6 * (size - 1)
    for place in range(1, size):
        raw[at + 6 - size + place] = 0x80 | code >> 6 * (size - 1 - place) & 0x3F
