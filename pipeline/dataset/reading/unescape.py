"""Turns JSON string literals into their text, many at once, on bytes.

Decoding each string to a Python object and encoding it again for the column costs as much as all the rest of
reading; most literals hold two or three escapes, so it is cheaper to mend the bytes in place.
"""

import numpy as np
import pyarrow as pa

from pipeline.dataset.model.arrow_series import series_of
from pipeline.dataset.model.bit_flags import Bits, Bytes, Integers, bits_before, packed

_QUOTE, _BACKSLASH, _U = ord('"'), ord("\\"), ord("u")

_MEANING = np.zeros(256, dtype=np.uint8)  # RFC 8259, section 7
for _escape, _text in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
    _MEANING[_escape] = _text

HEX = np.zeros(256, dtype=np.int64)
for _digit in b"0123456789abcdefABCDEF":
    HEX[_digit] = int(chr(_digit), 16)

_PIECE_BYTES = 2**20
_PAIR_BYTES = len(rb"\ud83d\ude00")
_GONE = 0xFF  # marks bytes to remove; no byte of UTF-8 has this value


def unescape(literals: list[bytes]) -> tuple[Bytes, Integers]:
    """UTF-8 of all the texts, end to end, and their n + 1 positions.

    literals: n valid JSON strings (or any buffers of them) with their quotes; no lone surrogates.

    Raises:
        ValueError: a literal is another JSON value, not a string.
    """
    raw = np.frombuffer(bytearray().join(literals), dtype=np.uint8)
    starts = np.zeros(len(literals) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, literals), dtype=np.int64, count=len(literals)), out=starts[1:])
    opening, closing = starts[:-1], starts[1:] - 1
    if not (raw[opening] == _QUOTE).all():
        raise ValueError("expected JSON strings")
    raw[opening] = raw[closing] = _GONE
    begin = 0
    while begin < len(raw):
        begin += _mend_piece(raw[begin : begin + _PIECE_BYTES], is_last=begin + _PIECE_BYTES >= len(raw))
    kept = packed(raw != _GONE)
    return _only(raw, kept), bits_before(kept, starts)


def _mend_piece(raw: Bytes, *, is_last: bool) -> int:
    """Mend the escapes of a piece that does not begin inside one; returns where the next piece begins.

    What is computed of an escape takes ten times its bytes and more, so a long text is mended piece by piece.
    """
    backslashes = np.flatnonzero(raw == _BACKSLASH)
    if len(backslashes) == 0:
        return len(raw)
    escapes = escape_starts(backslashes)
    count = len(escapes) if is_last else int(np.searchsorted(escapes, len(raw) - _PAIR_BYTES, side="right"))
    if 0 < count < len(escapes) and _is_high(raw, int(escapes[count - 1])):
        count += 1  # the other half of its pair, which is whole, too
    _mend(raw, escapes[:count])
    return int(escapes[count]) if count < len(escapes) else len(raw)


def _is_high(raw: Bytes, at: int) -> bool:
    r"""Whether the escape is the first of a pair: `\uD8xx` to `\uDBxx`."""
    return bool(raw[at + 1] == _U and HEX[raw[at + 2]] == 0xD and HEX[raw[at + 3]] in range(0x8, 0xC))


def _only(raw: Bytes, kept: Bits) -> Bytes:
    """The bytes whose bit is set. Polars looks at 64 at a time, Arrow at runs of those that are set, numpy at each."""
    flags = series_of(pa.Array.from_buffers(pa.bool_(), len(raw), [None, pa.py_buffer(kept)]))
    values = series_of(pa.Array.from_buffers(pa.uint8(), len(raw), [None, pa.py_buffer(raw)]))
    only: Bytes = values.filter(flags).to_numpy()
    return only


def escape_starts(backslashes: Integers) -> Integers:
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
        code = code << 4 | HEX[raw[at + digit]]
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
