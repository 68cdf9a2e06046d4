"""A word is what `str.split()` separates, for every character there is."""

import sys

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dataset.model.words import count_words

SPACES = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]
NEIGHBOURS = [chr(ord(space) + step) for space in SPACES for step in (-1, 1) if ord(space) + step > 0]
texts = st.lists(
    st.text(st.one_of(st.sampled_from([*SPACES, *NEIGHBOURS, "a", "é", "😀"]), st.characters(codec="utf-8")))
)


def counts(of: list[str]) -> list[int]:
    encoded = [text.encode() for text in of]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    return count_words(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets).tolist()


@given(texts)
@example([])
@example([""])
@example(["", "a", "", " ", "b", ""])
def test_words_are_what_str_split_separates(of):
    assert counts(of) == [len(text.split()) for text in of]


def test_every_character_is_a_space_or_not_as_python_says():
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]

    texts = [f"a{char}b" for char in characters]

    wrong = [c for c, got, text in zip(characters, counts(texts), texts, strict=True) if got != len(text.split())]
    assert wrong == []


def test_words_do_not_run_from_one_string_into_the_next():
    assert counts(["one", "two", " three", "four ", "five"]) == [1, 1, 1, 1, 1]
