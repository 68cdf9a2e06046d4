"""Shingles are those of the plain definition, whatever the script and wherever a block is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.near import shingles as module
from pipeline.dataset.near.shingles import shingles
from tests.dataset.near.examples import UNSPACED, lines_of, shingles_of
from tests.engine_blocks import columns_of

characters = st.sampled_from("abABzé É\u0301İKßẞΣⱥȺ𐐀𐐨 1²½_.,-'\n\u00a0\u3000。🙂𠀀" + UNSPACED + "한국")
conversations = st.lists(st.lists(st.text(characters, max_size=25), min_size=1, max_size=4), max_size=6)


def hashed(conversations) -> list[list[int]]:
    columns = columns_of(*lines_of(conversations) or [b"{}\n"])
    return [
        hashes[offsets[i] : offsets[i + 1]].tolist()
        for hashes, offsets in shingles(columns)
        for i in range(len(offsets) - 1)
    ]


@given(listed=conversations, piece_bytes=st.sampled_from([1, 40, 2**17]))
def test_two_shingles_have_one_hash_exactly_when_their_words_are_the_same(listed, piece_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE_BYTES", piece_bytes)

        hashes = hashed(listed)

    expected = [shingles_of(turns) for turns in listed]
    assert list(map(len, hashes)) == list(map(len, expected))
    pairs = {pair for ours, theirs in zip(hashes, expected, strict=True) for pair in zip(ours, theirs, strict=True)}
    assert len(pairs) == len({ours for ours, _ in pairs}) == len({theirs for _, theirs in pairs})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["One two, three four five!"], ["one two\nTHREE -- four (five)"]),
        (["one two three", "four five"], ["one", "two three four five"]),
        (["数据训练东京。"], ["数据 训练 东京"]),
    ],
)
def test_case_punctuation_white_space_and_turns_make_no_difference(left, right):
    one, other = hashed([left, right])

    assert one == other


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["ab c d e f"], ["a bc d e f"]),
        (["ab c d e f"], ["ab", "cd e f g"]),
        (["ab", "cd e f g h"], ["abc d e f g h"]),
        (["one two three four five"], ["two one three four five"]),
        (["2 + 2"], ["2 - 2"]),
        (["Yes."], ["yes"]),
    ],
)
def test_other_words_and_short_texts_that_differ_at_all_make_a_difference(left, right):
    one, other = hashed([left, right])

    assert not set(one) & set(other)


@pytest.mark.parametrize("cut_bytes", [60, 61, 62])
def test_of_a_very_long_text_only_the_beginning_counts(monkeypatch, cut_bytes):
    """Even where it ends within a character of three bytes."""
    text = "one two three four five " * 2 + "数据训练" + " tail of other words" * 50
    monkeypatch.setattr(module, "MAX_TEXT_BYTES", cut_bytes)
    monkeypatch.setattr(module, "_PIECE_BYTES", 50)
    kept = text.encode()[:cut_bytes].decode("utf-8", "ignore")

    assert hashed([[text]]) == hashed([[kept]])
