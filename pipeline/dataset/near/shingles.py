"""Turns conversations into shingles: a hash for every five words in a row, of all turns but instructions together.

A system prompt that all conversations share would make them all alike, so system and developer turns do not count.

A word is a run of letters, digits and combining marks, in lower case; punctuation, symbols and white space only
separate. In scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each character is a word.
What is made of the hashes lives in `signatures.py`.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.xxh3 import Hashes, xxh3_64
from pipeline.dataset.reading.columns import Columns

SHINGLE_WORDS = 5
MAX_TEXT_BYTES = 2**20  # of a conversation; what follows is not looked at, so that memory stays bounded

_PIECE_BYTES = 2**17  # a piece and what is computed of it stay near the core
_CODE_POINTS = 0x34000  # beyond them there are no letters
_BLOCK = 0x100
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x30FF),  # radicals, kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # ideographs
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1B000, 0x1B16F),
    (0x20000, 0x33FFF),
)
_INSTRUCTIONS = [KNOWN_ROLES.index(role) for role in ("system", "developer")]
_SEPARATES, _IN_WORD, _IS_WORD = range(3)
_BASE = 0x9E3779B97F4A7C15  # odd, so that its powers have inverses modulo 2^64
_WORD_START = np.uint64(0xD6E8FEB86659FD93)


def shingles(columns: Columns) -> Iterator[tuple[Hashes, npt.NDArray[np.uint64]]]:
    """Hashes of shingles and n + 1 positions in them, for some conversations at a time, in order.

    Each conversation has at least one: with fewer than five words, the hash of its text as it stands.
    """
    text_ends = columns.text_starts[columns.turn_starts]
    is_counted = ~np.isin(columns.roles, _INSTRUCTIONS)
    first, count = 0, len(columns.ids)
    while first < count:
        end = max(first + 1, int(np.searchsorted(text_ends, text_ends[first] + _PIECE_BYTES, side="right")) - 1)
        begin_byte, end_byte = int(text_ends[first]), int(text_ends[end])
        text = columns.text[begin_byte : min(end_byte, begin_byte + MAX_TEXT_BYTES)]
        of_piece = slice(columns.turn_starts[first], columns.turn_starts[end])
        turns = columns.text_starts[of_piece] - begin_byte
        is_whole = len(text) == end_byte - begin_byte
        yield _of_piece(
            text,
            turns,
            is_counted[of_piece],
            text_ends[first : end + 1] - begin_byte,
            columns.text_hashes[first:end] if is_whole else xxh3_64(text, np.zeros(1, np.int64), np.array([len(text)])),
        )
        first = end


def _of_piece(
    text: Bytes, turn_starts: Integers, is_counted: Flags, starts: Integers, text_hashes: Hashes
) -> tuple[Hashes, Hashes]:
    """turn_starts, starts: positions in text of the turns, and of the conversations with the end of the last.

    is_counted: which turns' words count. text_hashes: of each conversation.
    """
    words, positions, prefix = _words(text, turn_starts, is_counted)
    first_words = np.searchsorted(words, _in_code_points(text, starts))
    word_counts = np.diff(first_words)
    counts = np.maximum(word_counts - SHINGLE_WORDS + 1, 1)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    begins = np.arange(offsets[-1]) + np.repeat(first_words[:-1] - offsets[:-1], counts)
    ends = np.minimum(begins + SHINGLE_WORDS, len(words))
    from_ = positions[begins]
    hashes = _scatter((prefix[positions[ends]] - prefix[from_]) * _powers(len(text))[1][from_])
    is_short = word_counts < SHINGLE_WORDS
    hashes[offsets[:-1][is_short]] = text_hashes[is_short]
    return hashes, offsets.astype(np.uint64)


def _words(text: Bytes, turn_starts: Integers, is_counted: Flags) -> tuple[Integers, Integers, Hashes]:
    """Where words begin among the code points, and (with the end) among the letters; running sums of the letters.

    The difference of two sums, times the inverse power of where it begins, depends on the letters between alone.
    """
    codes = _code_points(text)
    kinds_of, letters_of = _tables(codes)
    kinds = kinds_of.take(codes, mode="clip")
    turns = np.minimum(_in_code_points(text, turn_starts), len(codes))
    is_letter = (kinds != _SEPARATES) & np.repeat(is_counted, np.diff(turns, append=len(codes)))
    is_start = is_letter.copy()
    is_start[1:] &= (kinds[1:] & kinds[:-1]) != _IN_WORD
    turns = turns[turns < len(codes)]
    is_start[turns] = is_letter[turns]
    letters = letters_of.take(codes[is_letter], mode="clip")
    positions = np.flatnonzero(is_start[is_letter])
    letters[positions] += _WORD_START
    prefix = np.zeros(len(letters) + 1, dtype=np.uint64)
    np.cumsum(letters * _powers(len(text))[0][: len(letters)], out=prefix[1:])
    return np.flatnonzero(is_start), np.append(positions, len(letters)), prefix


def _code_points(text: Bytes) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint32]:
    data = text.tobytes()
    if data.isascii():
        return text
    # Only a text that was cut can end within a character.
    return np.frombuffer(data.decode("utf-8", "ignore").encode("utf-32-le"), dtype="<u4")


def _in_code_points(text: Bytes, positions: Integers) -> Integers:
    leads = (text & 0xC0) != 0x80
    if leads.all():
        return positions
    return np.searchsorted(np.flatnonzero(leads), positions)


def _tables(codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint8], Hashes]:
    """Of each code point: what it is to words, and a random number that its upper and lower case share.

    Filled in for the blocks of 256 that occur: all of them would take as long as all the rest of a small file.
    """
    kinds, letters, is_filled = _blank_tables()
    occurs = np.zeros_like(is_filled)
    if codes.dtype == np.uint8:  # ASCII
        occurs[0] = True
    else:
        occurs[np.minimum(codes >> 8, len(occurs) - 1)] = True
    for block in np.flatnonzero(occurs & ~is_filled).tolist():
        span = slice(block * _BLOCK, (block + 1) * _BLOCK)
        characters = [chr(code) for code in range(span.start, span.stop)]
        kinds[span] *= np.array([unicodedata.category(each)[0] in "LNM" for each in characters], dtype=np.uint8)
        lower = np.array([ord(each.lower()[0]) for each in characters], dtype=np.uint64)
        letters[span] = _scatter((lower + np.uint64(1)) * np.uint64(_BASE))
        is_filled[block] = True
    return kinds, letters


@cache
def _blank_tables() -> tuple[npt.NDArray[np.uint8], Hashes, Flags]:
    """What each code point is to words if it is a letter; nothing else is known of it yet."""
    kinds = np.full(_CODE_POINTS, _IN_WORD, dtype=np.uint8)
    for first, last in _UNSPACED:
        kinds[first : last + 1] *= _IS_WORD
    return kinds, np.zeros(_CODE_POINTS, dtype=np.uint64), np.zeros(_CODE_POINTS // _BLOCK, dtype=np.bool_)


def _powers(length: int) -> tuple[Hashes, Hashes]:
    """Powers of the base and of its inverse, at least `length`."""
    return _powers_of(_PIECE_BYTES if length <= _PIECE_BYTES else MAX_TEXT_BYTES)


@cache
def _powers_of(length: int) -> tuple[Hashes, Hashes]:
    def powers(base: int) -> Hashes:
        factors = np.full(length + 1, base, dtype=np.uint64)
        factors[0] = 1
        return np.cumprod(factors, dtype=np.uint64)

    return powers(_BASE), powers(pow(_BASE, -1, 2**64))


def _scatter(hashes: Hashes) -> Hashes:
    """MurmurHash3's finisher: every bit of the result depends on every bit."""
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return hashes ^ (hashes >> np.uint64(33))
