"""Turns conversations into shingles: a hash for every five words in a row, of all turns but instructions together.

A system prompt that all conversations share would make them all alike, so system and developer turns do not count.
What a word is says `word_vectors.py`; what is made of the hashes lives in `signatures.py`.
"""

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.model.bit_flags import Bytes, Integers
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.xxh3 import Hashes, hash_texts
from pipeline.dataset.near.word_vectors import words_of
from pipeline.dataset.reading.columns import Columns

SHINGLE_WORDS = 5
MAX_TEXT_BYTES = 2**20  # of a conversation; what follows is not looked at, so that memory stays bounded

_PIECE_BYTES = 2**18  # a piece and what is computed of it stay near the core
_INSTRUCTIONS = [KNOWN_ROLES.index(role) for role in ("system", "developer")]
_BASE = np.uint64(0x9E3779B97F4A7C15)


def shingles(columns: Columns) -> Iterator[tuple[Hashes, Integers]]:
    """Hashes of shingles and n + 1 positions in them, for some conversations at a time, in order.

    Each conversation has at least one: with fewer than five words, the hash of its text as it stands.
    """
    text_ends = columns.text_starts[columns.turn_starts]
    is_counted = ~np.isin(columns.roles, _INSTRUCTIONS)
    first, count = 0, len(columns.ids)
    while first < count:
        end = max(first + 1, int(np.searchsorted(text_ends, text_ends[first] + _PIECE_BYTES, side="right")) - 1)
        begin_byte, end_byte = int(text_ends[first]), int(text_ends[end])
        text, text_hashes = columns.text[begin_byte:end_byte], columns.text_hashes[first:end]
        if len(text) > MAX_TEXT_BYTES:
            text = _whole_characters(text[:MAX_TEXT_BYTES])
            text_hashes = hash_texts(text, np.array([0, len(text)]))
        of_piece = slice(columns.turn_starts[first], columns.turn_starts[end])
        turns, starts = columns.text_starts[of_piece] - begin_byte, text_ends[first : end + 1] - begin_byte
        yield _of_words(*words_of(text, turns, is_counted[of_piece], starts), text_hashes)
        first = end


def _of_words(words: Hashes, starts: Integers, text_hashes: Hashes) -> tuple[Hashes, Integers]:
    """starts: where the words of the n conversations begin, and the end of the last. text_hashes: of each."""
    word_counts = np.diff(starts)
    counts = np.maximum(word_counts - SHINGLE_WORDS + 1, 0)
    hashes = _scatter(_fives(words))
    if len(starts) > 2:  # those that begin in one conversation and end in another are none
        across = np.subtract.outer(starts[1:-1], np.arange(1, SHINGLE_WORDS)).ravel()
        is_within = np.ones(len(hashes), dtype=np.bool_)
        is_within[across[(across >= 0) & (across < len(hashes))]] = False
        hashes = hashes[is_within]
    is_short = counts == 0
    if is_short.any():
        hashes = np.insert(hashes, np.cumsum(counts)[is_short], text_hashes[is_short])
    return hashes, np.append(0, np.cumsum(counts + is_short))


def _fives(words: Hashes) -> Hashes:
    """A number for every five in a row: a polynomial of them."""
    count = max(len(words) - SHINGLE_WORDS + 1, 0)
    fives = words[:count] * _BASE
    for place in range(1, SHINGLE_WORDS - 1):
        fives += words[place : place + count]
        fives *= _BASE
    fives += words[SHINGLE_WORDS - 1 : SHINGLE_WORDS - 1 + count]
    return fives


def _whole_characters(text: Bytes) -> Bytes:
    """UTF-8 that was cut anywhere, without the character that is not whole."""
    return np.frombuffer(text.tobytes().decode("utf-8", "ignore").encode(), dtype=np.uint8)


def _scatter(hashes: Hashes) -> Hashes:
    """MurmurHash3's finisher: every bit of the result depends on every bit."""
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xC4CEB9FE1A85EC53)
    hashes ^= hashes >> np.uint64(33)
    return hashes
