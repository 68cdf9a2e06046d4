"""Lines that differ in nothing but numbers, plain words and names: a megabyte can be sixty thousand of them.

What a format says of all of them at once is found out with `closed_values.py`, where it can be.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers, bits_before, packed
from pipeline.dataset.reading.closed_values import TELLING, telling_names

_QUOTE, _BREAK, _MARK = ord('"'), ord("\n"), 1  # the mark stands in no line that is looked at
_MOST_DIGITS = 15  # any number of them is held as it stands, whole or not


def _are(named: bytes) -> Flags:
    flags = np.zeros(256, dtype=np.bool_)
    flags[[*named]] = True
    return flags


_IS_WORD = _are(b"0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_IS_POWER, _IS_BEFORE_POWER, _IS_BEHIND_VALUE = _are(b"eE"), _are(b"eE+"), _are(b",]}")


def shapes_of(block: Block, rows: Integers, max_bytes: int, *, are_names_told: bool = False) -> Integers:
    """The number of each line's shape: those of one differ only in words, names and numbers, or are all no JSON.

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
    """Which lines are short, and have as many opening quotes as closing ones: there is no escape."""
    data = np.frombuffer(block.data, dtype=np.uint8)
    begins, ends = block.starts[rows], block.starts[rows + 1]
    odd, quotes = packed((data == ord("\\")) | (data == _MARK)), packed(data == _QUOTE)
    quote_counts = bits_before(quotes, ends) - bits_before(quotes, begins)
    has_no_escape = bits_before(odd, ends) == bits_before(odd, begins)
    are_plain: Flags = has_no_escape & (quote_counts % 2 == 0) & (ends - begins <= max_bytes)
    return are_plain


def _without_values(text: Bytes, *, are_names_told: bool) -> Bytes:
    """The lines with one byte for each plain word that is a value or a name, and one mark for each row of digits."""
    quotes = np.flatnonzero(text == _QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    begins, ends = _digits(text, _within(len(text), opening, closing))
    are_words = _are_words(text, opening, closing, are_names_told=are_names_told)
    words, stops = opening[are_words] + 1, closing[are_words]
    said = text.copy()
    said[begins], said[words] = _MARK, ord("a")
    is_left_out = _within(len(text), np.append(begins, words) + 1, np.append(ends, stops))
    return said[~is_left_out]


def _within(size: int, begins: Integers, ends: Integers) -> Flags:
    """Which bytes lie between a beginning and its end; no two overlap."""
    steps = np.zeros(size + 1, dtype=np.int8)
    steps[begins] += 1
    steps[ends] -= 1
    is_within: Flags = np.cumsum(steps[:size], dtype=np.int8).view(np.bool_)
    return is_within


def _are_words(text: Bytes, opening: Integers, closing: Integers, *, are_names_told: bool) -> Flags:
    """Which texts are plain words, but for those that formats ask for: of the names of fields, or of values."""
    marks = packed(~_IS_WORD[text])
    are_plain = (bits_before(marks, closing) == bits_before(marks, opening) + 1) & (closing > opening + 1)
    behind = text[closing + 1]
    are_words: Flags = _without_telling(text, opening, closing, are_plain & _IS_BEHIND_VALUE[behind], TELLING)
    if not are_names_told:
        are_words |= _without_telling(text, opening, closing, are_plain & (behind == ord(":")), telling_names())
    return are_words


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


def _digits(text: Bytes, is_within_text: Flags) -> tuple[Integers, Integers]:
    """Where the digits of a number begin and end, whole or behind its point, any of which would be such a number.

    But for a number with an exponent, which may be too large, and one with a nought that should not be there.
    """
    is_digit = (text - np.uint8(ord("0")) < 10) & ~is_within_text
    borders = np.flatnonzero(is_digit[1:] != is_digit[:-1]) + 1
    borders = np.append(0, borders) if is_digit[0] else borders
    begins, ends = borders[::2], borders[1::2]
    before, behind = text[begins - 1], text[ends]
    has_power = _IS_POWER[behind]
    has_power[:-1] |= (behind[:-1] == ord(".")) & has_power[1:]
    is_power = _IS_BEFORE_POWER[before] | ((before == ord("-")) & _IS_POWER[text[begins - 2]])
    is_padded = (text[begins] == ord("0")) & (before != ord("."))
    is_plain = ~(has_power | is_power | is_padded) & (ends - begins <= _MOST_DIGITS)
    return begins[is_plain], ends[is_plain]
