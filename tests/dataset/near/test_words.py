"""Words are those of the plain definition, and their hashes tell them apart."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near.word_vectors import case_folded, words_of
from tests.dataset.near.examples import words_of as plain_words_of

letters = st.sampled_from("aBcİKßéÉȺⱥ𐐀𐐨1")


def hashes_of(*texts: str) -> list[int]:
    text = np.frombuffer("".join(texts).encode(), dtype=np.uint8)
    starts = np.cumsum([0, *(len(each.encode()) for each in texts)])
    return words_of(text, starts[:-1], np.ones(len(texts), dtype=np.bool_), starts[[0, -1]])[0].tolist()


def test_a_character_stands_for_another_exactly_when_their_lower_case_is_the_same():
    """It never has more bytes than they, so that it can be written over them."""
    scalar_values = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]

    pairs = {(case_folded(each), each.lower()[0]) for each in scalar_values}

    assert len(pairs) == len({fold for fold, _ in pairs}) == len({lower for _, lower in pairs})
    assert [each for each in scalar_values if len(case_folded(each).encode()) > len(each.encode())] == []


@given(words=st.lists(st.text(letters, min_size=1, max_size=90), max_size=6))
def test_words_of_any_length_have_one_hash_exactly_when_they_are_the_same(words):
    """Of eight bytes, of sixty-four, of more; with characters that get shorter in lower case."""
    hashes = hashes_of(" ".join(words))

    expected = plain_words_of([" ".join(words)])
    assert len(hashes) == len(expected)
    assert len(set(zip(hashes, expected, strict=True))) == len(set(hashes)) == len(set(expected))


@pytest.mark.parametrize("size", [7, 8, 9, 15, 16, 17, 63, 64, 65, 72, 200])
def test_the_last_letter_of_a_word_counts(size):
    one, other, same = hashes_of("x" * size + " " + "x" * (size - 1) + "y " + "X" * size)

    assert (one == other, one == same) == (False, True)


def test_a_turn_ends_a_word_where_letters_before_it_get_shorter():
    assert hashes_of("İİ", "ab", "KK") == hashes_of("ii ab kk")


def test_words_of_one_letter_a_million_times_are_one_word():
    """Its hash is not made eight bytes at a time, which would take seconds."""
    one, other = hashes_of("x" * 1_000_000 + " " + "x" * 999_999)

    assert one != other
