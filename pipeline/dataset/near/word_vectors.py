"""Takes texts apart into words, each told by 64 bits: whole arrays of words at a time, never a character.

A word is a run of letters, digits and combining marks, in lower case; punctuation, symbols and white space only
separate. In scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each character is a word.
What is made of the words lives in `shingles.py`.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Bytes, Flags, Integers
from pipeline.dataset.model.xxh3 import Hashes, xxh3_64

_CODE_POINTS = 0x34000  # beyond them there are no letters
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
_UNKNOWN, _SEPARATES, _IN_WORD, _HAS_OTHER_CASE, _IS_WORD = range(5)
_SPACE = 0x20  # what every separator becomes
_FOLDED_ASCII = bytes(ord(chr(byte).lower()) if chr(byte).isalnum() else _SPACE for byte in range(128))
_FOLDED = _FOLDED_ASCII + bytes(range(128, 256))
_SIZES = np.repeat([1, 2, 3, 4], [0xC0, 0x20, 0x10, 0x10])  # of a character, by its first byte
_LEAD_BITS = np.array([0, 0, 0x1F, 0x0F, 0x07], dtype=np.uint8)[_SIZES]  # that are of its code point
_LOAD_BYTES = 8
_LONG_BYTES = 64  # longer words are hashed one by one: there are few for their bytes
_FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(_LOAD_BYTES + 1)], dtype=np.uint64)
_FACTOR, _OTHER_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


def words_of(text: Bytes, turn_starts: Integers, is_counted: Flags, starts: Integers) -> tuple[Hashes, Integers]:
    """The words of n conversations, hashed, in order; and n + 1 places among them where each one's begin and end.

    text: UTF-8 that lies end to end. turn_starts: where the turns begin in it, which end a word; is_counted: which of
    them have words. starts: where the conversations begin, and the end of the last; beyond the text nothing counts.
    """
    folded = np.full(len(text) + _LONG_BYTES, _SPACE, dtype=np.uint8)
    data = text.tobytes()
    folded[: len(text)] = np.frombuffer(data.translate(_FOLDED), dtype=np.uint8)
    edges = turn_starts
    if not is_counted.all():
        sizes = np.diff(np.minimum(turn_starts, len(text)), append=len(text))
        folded[: len(text)][np.repeat(~is_counted, sizes)] = _SPACE
    if not data.isascii():
        own, dropped = _fold_beyond_ascii(folded)
        edges = np.concatenate([turn_starts, own])
        if len(dropped):
            folded = np.delete(folded, dropped)
            edges, starts = (places - np.searchsorted(dropped, places) for places in (edges, starts))
    begins, ends = _bounds(folded[: len(folded) - _LONG_BYTES], edges)
    return _hash_words(folded, begins, ends), np.searchsorted(begins, starts)


def _bounds(folded: Bytes, edges: Integers) -> tuple[Integers, Integers]:
    """Where words begin and end. edges: places where one ends in any case."""
    is_word = np.zeros(len(folded) + 2, dtype=np.bool_)  # with a separator on each side
    np.not_equal(folded, _SPACE, out=is_word[1:-1])
    before, at = is_word[:-1], is_word[1:]
    is_begin, is_end = at > before, before > at
    edges = edges[edges <= len(folded)]
    is_begin[edges], is_end[edges] = at[edges], before[edges]
    return np.flatnonzero(is_begin), np.flatnonzero(is_end)


def _hash_words(folded: Bytes, begins: Integers, ends: Integers) -> Hashes:
    """The first eight bytes of a word are one number, and so are the next. folded: with room behind the last word."""
    sizes = ends - begins
    loads = np.ndarray(len(folded) - _LOAD_BYTES + 1, dtype="<u8", buffer=folded, strides=(1,))
    hashes: Hashes = loads[begins]
    hashes &= _FIRST_BYTES.take(sizes, mode="clip")
    longer = np.flatnonzero(sizes > _LOAD_BYTES)
    for done in range(_LOAD_BYTES, _LONG_BYTES, _LOAD_BYTES):
        if not len(longer):
            break
        more = loads[begins[longer] + done] & _FIRST_BYTES.take(sizes[longer] - done, mode="clip")
        so_far = hashes[longer] * _OTHER_FACTOR
        hashes[longer] = (so_far ^ (so_far >> np.uint64(32))) + more
        longer = longer[sizes[longer] > done + _LOAD_BYTES]
    hashes[longer] ^= xxh3_64(folded, begins[longer], ends[longer])
    hashes *= _FACTOR
    hashes ^= hashes >> np.uint64(32)
    return hashes


def _fold_beyond_ascii(folded: Bytes) -> tuple[Integers, Integers]:
    """Write all other letters in lower case and spaces for what separates.

    Returns the edges of characters that are words, and which bytes have become none, ascending.
    """
    leads = np.flatnonzero(folded >= 0xC0)
    codes, sizes = _code_points(folded, leads)
    codes = np.minimum(codes, _CODE_POINTS - 1)
    kinds_of, folds_of = _tables(codes)
    kinds = kinds_of.take(codes)
    for separators, place in _bytes_of(np.flatnonzero(kinds == _SEPARATES), sizes):
        folded[leads[separators] + place] = _SPACE
    dropped = []
    for others, place in _bytes_of(np.flatnonzero(kinds == _HAS_OTHER_CASE), sizes):
        folds = folds_of.take(codes[others]) >> np.uint32(8 * place)
        folded[leads[others] + place] = folds & np.uint32(0xFF)
        dropped.append(leads[others[folds == 0]] + place)
    own = np.flatnonzero(kinds == _IS_WORD)
    return np.concatenate([leads[own], leads[own] + sizes[own]]), np.sort(np.concatenate(dropped))


def _bytes_of(characters: Integers, sizes: Integers) -> Iterator[tuple[Integers, int]]:
    """Some of the characters, byte for byte: those that have one at a place, and the place."""
    yield from ((characters, place) for place in range(2))  # every one beyond ASCII
    for place in range(2, 4):
        characters = characters[sizes[characters] > place]
        yield characters, place


def _code_points(text: Bytes, leads: Integers) -> tuple[npt.NDArray[np.uint32], Integers]:
    """The characters that begin at some bytes, and of how many bytes each is: two to four."""
    lead = text[leads]
    sizes = _SIZES.take(lead)
    codes = (lead & _LEAD_BITS.take(lead)).astype(np.uint32) << np.uint32(6) | (text[leads + 1] & 0x3F)
    longer = np.flatnonzero(lead >= 0xE0)
    for place in range(2, 4):
        codes[longer] = codes[longer] << np.uint32(6) | (text[leads[longer] + place] & 0x3F)
        longer = longer[sizes[longer] > place + 1]
    return codes, sizes


def _tables(codes: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """Of each code point: what it is to words; and of letters with another case, the bytes that stand for all.

    Filled in for those that occur: all of them would take as long as all the rest of a small file.
    """
    kinds, folds = _blank_tables()
    unknown = codes[kinds.take(codes) == _UNKNOWN]
    for code in np.unique(unknown).tolist():
        kinds[code], folds[code] = _kind_and_fold(chr(code))
    return kinds, folds


@cache
def _blank_tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    return np.zeros(_CODE_POINTS, dtype=np.uint8), np.zeros(_CODE_POINTS, dtype=np.uint32)


def _kind_and_fold(character: str) -> tuple[int, int]:
    if unicodedata.category(character)[0] not in "LNM":
        return _SEPARATES, 0
    if any(first <= ord(character) <= last for first, last in _UNSPACED):
        return _IS_WORD, 0
    fold = case_folded(character)
    return (_IN_WORD, 0) if fold == character else (_HAS_OTHER_CASE, int.from_bytes(fold.encode(), "little"))


def case_folded(character: str) -> str:
    """The one character that stands for it in all its cases: the lower one, or the upper where that has fewer bytes."""
    lower = character.lower()[0]
    upper = lower.upper()
    is_shorter = len(upper) == 1 and len(upper.encode()) < len(lower.encode())
    return upper if is_shorter and upper.lower()[0] == lower else lower
