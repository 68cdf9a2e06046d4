"""Lines that differ in nothing but numbers, texts and names: a megabyte can be sixty thousand of them.

What a format says of all of them at once is found out with `closed_values.py`, where it can be.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Bits, Bytes, Flags, Integers, bits_before, packed
from pipeline.dataset.reading.closed_values import TELLING, telling_names
from pipeline.dataset.reading.unescape import HEX, escape_starts

_QUOTE, _BREAK, _BACKSLASH = ord('"'), ord("\n"), ord("\\")
_DIGITS, _MANY_DIGITS, _MARKED, _HALVED, _NULLED = _MARKS = range(1, 6)  # these stand in no line that is looked at
_UNICODE_BYTES = len(r"\ud800")
_MOST_DIGITS = 15  # any number of them is held as it stands, whole or not
_LEAST_LARGE, _MOST_LARGE = 20, 300  # no number of these is held by 64 bits, and each by a double


def _are(named: bytes) -> Flags:
    flags = np.zeros(256, dtype=np.bool_)
    flags[[*named]] = True
    return flags


_IS_WORD = _are(b"0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_IS_ESCAPED = _are(b'"\\/bfnrtu')
_HEX_DIGITS = _are(b"0123456789abcdefABCDEF")
_IS_LETTER = _are(bytes({*range(ord(" "), 0x7F)} - {_QUOTE, _BACKSLASH}))  # it means the same without an escape
_IS_POWER, _IS_BEFORE_POWER, _IS_BEHIND_VALUE = _are(b"eE"), _are(b"eE+"), _are(b",]}")


def shapes_of(block: Block, rows: Integers, max_bytes: int, *, are_names_told: bool = False) -> Integers:
    """The number of each line's shape: those of one differ only in texts, names and numbers, or are all no JSON.

    -1 for a line over the maximum, or in which a quote may be no quote. rows: of the block, ascending. are_names_told:
    whether lines of one shape have the same names of fields.
    """
    shapes = np.full(len(rows), -1, dtype=np.int64)
    is_plain = _are_plain(block, rows, max_bytes)
    if not is_plain.any():
        return shapes
    is_chosen = np.zeros(block.line_count, dtype=np.bool_)
    is_chosen[rows[is_plain]] = True
    text = np.frombuffer(block.data, dtype=np.uint8)[np.repeat(is_chosen, np.diff(block.starts))]
    said = _without_values(
        text if text[-1] == _BREAK else np.append(text, np.uint8(_BREAK)), are_names_told=are_names_told
    )
    starts = np.append(0, np.flatnonzero(said == _BREAK) + 1)
    shapes[is_plain] = column_of(said, starts).dictionary_encode().indices.to_numpy()
    return shapes


def first_alike(block: Block, rows: Integers, max_bytes: int) -> Integers:
    """For each line the first of its shape and names among these, which is itself where there is no other."""
    shapes = shapes_of(block, rows, max_bytes, are_names_told=True)
    _, firsts, places = np.unique(shapes, return_index=True, return_inverse=True)
    alike: Integers = np.where(shapes < 0, rows, rows[firsts[places]])
    return alike


def _are_plain(block: Block, rows: Integers, max_bytes: int) -> Flags:
    """Which lines are short, and have as many opening quotes as closing ones, and no escape that JSON has not."""
    data = np.frombuffer(block.data, dtype=np.uint8)
    begins, ends = block.starts[rows], block.starts[rows + 1]
    is_odd, is_quote = np.isin(data, _MARKS), data == _QUOTE
    if len(escapes := escape_starts(np.flatnonzero(data == _BACKSLASH))):
        is_odd[escapes[~_are_escapes(data, escapes)]] = True
        is_quote[np.minimum(escapes + 1, len(data) - 1)] = False
    odd, quotes = packed(is_odd), packed(is_quote)
    quote_counts = bits_before(quotes, ends) - bits_before(quotes, begins)
    has_no_other = bits_before(odd, ends) == bits_before(odd, begins)
    are_plain: Flags = has_no_other & (quote_counts % 2 == 0) & (ends - begins <= max_bytes)
    return are_plain


def _are_escapes(data: Bytes, starts: Integers) -> Flags:
    """Which are escapes of JSON. starts: of what may be some."""
    last = len(data) - 1
    kinds = data[np.minimum(starts + 1, last)]
    digits = (_HEX_DIGITS[data[np.minimum(starts + place, last)]] for place in range(2, 6))
    are_hex = np.logical_and.reduce([starts + 5 <= last, *digits])
    are_escapes: Flags = _IS_ESCAPED[kinds] & ((kinds != ord("u")) | are_hex)
    return are_escapes


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of lines that are plain, and what stands in them."""

    opening: Integers
    """Places of their quotes."""
    closing: Integers
    """Places of their quotes."""
    are_words: Flags
    """Texts of plain words."""
    are_marked: Flags
    """Others that are not empty, and surely none of these."""
    are_halved: Flags
    """Of these, which have half a character."""
    are_nulled: Flags
    """Which hold a NUL."""


def _without_values(text: Bytes, *, are_names_told: bool) -> Bytes:
    """The lines with one byte for each text that is a value or a name, and one mark for each row of digits."""
    if not are_names_told:
        text = _with_letters(text)
    texts = _texts_in(text)
    opening, closing = texts.opening, texts.closing
    begins, ends, are_many = _digits(text, _within(len(text), opening, closing), are_told=are_names_told)
    are_hidden = _are_hidden(text, texts, are_names_told=are_names_told)
    words, stops = opening[are_hidden] + 1, closing[are_hidden]
    said = text.copy()
    said[begins] = np.where(are_many, _MANY_DIGITS, _DIGITS)
    kinds = [texts.are_words, texts.are_halved, texts.are_nulled]
    said[words] = np.select(kinds, [ord("a"), _HALVED, _NULLED], _MARKED)[are_hidden]
    is_left_out = _within(len(text), np.append(begins, words) + 1, np.append(ends, stops))
    return said[~is_left_out]


def _with_letters(text: Bytes) -> Bytes:
    """The lines with the letters and marks that stand as escapes in their texts, and need none."""
    escapes = escape_starts(np.flatnonzero(text == _BACKSLASH))
    if not len(escapes):
        return text
    opening, closing = _quotes(text, escapes)
    is_slash, is_letter = text[escapes + 1] == ord("/"), _are_letters(text, escapes)
    is_told = (is_slash | is_letter) & _within(len(text), opening, closing)[escapes]
    places, is_short = escapes[is_told], is_slash[is_told]
    said, last = text.copy(), places + np.where(is_short, 1, _UNICODE_BYTES - 1)
    said[places] = np.where(is_short, ord("/"), _code(text, places, 4))
    return said[~_within(len(text), places + 1, last + 1)]


def _are_letters(text: Bytes, escapes: Integers) -> Flags:
    """Which escapes are letters or marks that need none."""
    are_small = (text[escapes + 1] == ord("u")) & (_code(text, escapes, 2) == 0)
    are_letters: Flags = are_small & _IS_LETTER[_code(text, escapes, 4)]
    return are_letters


def _code(text: Bytes, escapes: Integers, first: int) -> Integers:
    """The number that two of an escape's digits make. first: of them, from the backslash on."""
    last = len(text) - 1
    high, low = (HEX[text[np.minimum(escapes + place, last)]] for place in (first, first + 1))
    code: Integers = high << 4 | low
    return code


def _quotes(text: Bytes, escapes: Integers) -> tuple[Integers, Integers]:
    """Where those of the texts open and close."""
    quotes = np.flatnonzero(text == _QUOTE)
    if len(escapes):
        quotes = np.setdiff1d(quotes, escapes + 1, assume_unique=True)
    return quotes[::2], quotes[1::2]


def _texts_in(text: Bytes) -> _Texts:
    """All texts of the lines."""
    escapes = escape_starts(np.flatnonzero(text == _BACKSLASH))
    opening, closing = _quotes(text, escapes)
    has_marks = _hold(packed(~_IS_WORD[text]), opening, closing)
    is_unsure = text < ord(" ")  # a line break, too, which stands in no text
    is_half, is_nul = np.zeros((2, len(text)), dtype=np.bool_)
    if len(escapes):
        kinds = text[escapes + 1]
        is_unsure[escapes[_are_letters(text, escapes) | (kinds == ord("/"))]] = True
        is_nul[escapes[(kinds == ord("u")) & (_code(text, escapes, 2) == 0) & (_code(text, escapes, 4) == 0)]] = True
        is_half[_halves(text, escapes)] = True
    are_long = closing > opening + 1
    are_halved, are_nulled = (_hold(packed(each), opening, closing) for each in (is_half, is_nul))
    are_unsure = _hold(packed(is_unsure), opening, closing) | (are_halved & are_nulled)
    are_marked = has_marks & are_long & ~are_unsure
    return _Texts(opening, closing, ~has_marks & are_long, are_marked, are_halved, are_nulled)


def _halves(text: Bytes, escapes: Integers) -> Integers:
    """The escapes that are half a pair."""
    high = np.where(text[escapes + 1] == ord("u"), _code(text, escapes, 2), 0)
    is_first, is_second = (high >= 0xD8) & (high < 0xDC), (high >= 0xDC) & (high < 0xE0)
    is_beside = np.diff(escapes) == _UNICODE_BYTES
    is_pair = np.append(is_first[:-1] & is_second[1:] & is_beside, False)
    halves: Integers = escapes[(is_first & ~is_pair) | (is_second & ~np.append(False, is_pair[:-1]))]
    return halves


def _hold(bits: Bits, opening: Integers, closing: Integers) -> Flags:
    """Which texts hold a byte whose bit is set."""
    holding: Flags = bits_before(bits, closing) > bits_before(bits, opening + 1)
    return holding


def _within(size: int, begins: Integers, ends: Integers) -> Flags:
    """Which bytes lie between a beginning and its end; no two overlap."""
    steps = np.zeros(size + 1, dtype=np.int8)
    steps[begins] += 1
    steps[ends] -= 1
    is_within: Flags = np.cumsum(steps[:size], dtype=np.int8).view(np.bool_)
    return is_within


def _are_hidden(text: Bytes, texts: _Texts, *, are_names_told: bool) -> Flags:
    """Which texts are not told, whatever they are: none that formats ask for, of the names of fields, or of values."""
    opening, closing = texts.opening, texts.closing
    may_be, behind = texts.are_words | texts.are_marked, text[closing + 1]
    are_hidden: Flags = _without_telling(text, opening, closing, may_be & _IS_BEHIND_VALUE[behind], TELLING)
    if not are_names_told:
        are_hidden |= _without_telling(text, opening, closing, may_be & (behind == ord(":")), telling_names())
    return are_hidden


def _without_telling(
    text: Bytes, opening: Integers, closing: Integers, are_asked: Flags, telling: Iterable[str]
) -> Flags:
    """Which of those that are asked for are none of the telling ones."""
    import pyarrow.compute as pc  # 25 ms, and few files need it

    begins, ends = opening[are_asked] + 1, closing[are_asked]
    starts = np.append(0, np.cumsum(ends - begins))
    words = column_of(text[_within(len(text), begins, ends)], starts)
    told = pa.array([word.encode() for word in telling], pa.large_binary())
    are_others = are_asked.copy()
    are_others[are_asked] = ~pc.is_in(words, value_set=told).to_numpy(zero_copy_only=False)
    return are_others


def _digits(text: Bytes, is_within_text: Flags, *, are_told: bool) -> tuple[Integers, Integers, Flags]:
    """Where the digits of a number begin and end, whole or behind its point, any of which would be such a number.

    But for one with a nought that should not be there. are_told: whether numbers that are too large are not such ones,
    nor any with an exponent; the flags tell whole ones that 64 bits do not hold, but a double does.
    """
    is_digit = (text - np.uint8(ord("0")) < 10) & ~is_within_text
    borders = np.flatnonzero(is_digit[1:] != is_digit[:-1]) + 1
    borders = np.append(0, borders) if is_digit[0] else borders
    begins, ends = borders[::2], borders[1::2]
    before, behind = text[begins - 1], text[ends]
    is_padded = (text[begins] == ord("0")) & (before != ord("."))
    if not are_told:
        return begins[~is_padded], ends[~is_padded], np.zeros(np.count_nonzero(~is_padded), dtype=np.bool_)
    has_power = _IS_POWER[behind]
    has_power[:-1] |= (behind[:-1] == ord(".")) & has_power[1:]
    is_power = _IS_BEFORE_POWER[before] | ((before == ord("-")) & _IS_POWER[text[begins - 2]])
    counts, is_whole = ends - begins, (before != ord(".")) & (behind != ord("."))
    are_many = is_whole & (counts >= _LEAST_LARGE) & (counts <= _MOST_LARGE)
    is_plain = ~(has_power | is_power | is_padded) & ((counts <= _MOST_DIGITS) | are_many)
    return begins[is_plain], ends[is_plain], are_many[is_plain]
