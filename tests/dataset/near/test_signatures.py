"""Signatures tell the share of common shingles, and nothing but the text goes into them."""

import numpy as np
import pytest

from pipeline.dataset.near.signatures import (
    REPEATED,
    SIGNATURE,
    SIGNED,
    SINGLE,
    agreements,
    agreements_at,
    jaccard,
    signatures,
)
from pipeline.dataset.near.sketches import BINS
from tests.dataset.near.examples import jaccard_of, lines_of
from tests.engine_blocks import columns_of, line_of


def text_of(numbers) -> str:
    return " ".join(f"w{number}" for number in numbers)


@pytest.mark.parametrize("changed_words", [0, 1, 3, 10, 40, 400])
def test_the_estimate_is_near_the_truth(changed_words):
    """For each of 200 pairs within five standard errors, and all together without a bias."""
    rng = np.random.default_rng(changed_words)
    pairs = []
    for number in range(200):
        words = np.arange(400) + 1_000 * number
        other = words.copy()
        other[rng.choice(400, changed_words, replace=False)] += 400
        pairs += [[text_of(words)], [text_of(other)]]
    columns = columns_of(*lines_of(pairs))
    true = np.array([jaccard_of(*pairs[i : i + 2]) for i in range(0, len(pairs), 2)])

    bands = signatures(columns, np.arange(len(pairs), dtype=np.uint64))[1]
    estimated = np.array([jaccard(count) for count in agreements(bands[::2], bands[1::2]).tolist()])

    assert np.abs(estimated - true).max() <= 5 * 0.034
    assert abs((estimated - true).mean()) <= 0.01


def test_a_record_says_where_its_conversation_is():
    lines = [line_of("a", ("user", "x")), line_of("b", ("user", "y"), ("assistant", "z"))]

    records, _ = signatures(columns_of(*lines), np.array([7, 8], dtype=np.uint64))

    assert records[["line", "offset", "content", "turn_count"]].tolist() == [(1, 0, 7, 1), (2, len(lines[0]), 8, 2)]
    assert records.dtype == SIGNATURE


def test_ids_and_roles_are_not_part_of_a_signature():
    text = text_of(range(9))

    _, (one, other) = signatures(
        columns_of(line_of("a", ("user", text)), line_of("b", ("tool", text))), np.array([1, 2], dtype=np.uint64)
    )

    assert one.tolist() == other.tolist()


def test_one_shingle_is_told_as_it_is_without_bands():
    words = ("one", "two", "one two", "one", "a b c d e", "a b c d f", "a b c d e")
    columns = columns_of(*(line_of("a", ("user", each)) for each in words))

    records, bands = signatures(columns, np.arange(7, dtype=np.uint64))

    assert (records["kind"].tolist(), len(bands)) == ([SINGLE] * 7, 0)
    told = records["shingle"].tolist()
    assert [[one == other for other in told] for one in told] == [[one == other for other in words] for one in words]


def test_of_contents_that_a_block_has_twice_the_first_is_signed():
    columns = columns_of(*[line_of("a", ("user", text_of(range(9))))] * 2)

    records, bands = signatures(columns, np.ones(2, dtype=np.uint64))

    assert (records["kind"].tolist(), len(bands)) == ([SIGNED, REPEATED], 1)


def test_no_conversations_have_no_signatures():
    assert list(map(len, signatures(columns_of(b"{}\n"), np.empty(0, dtype=np.uint64)))) == [0, 0]


def test_agreements_count_groups_of_four_bits():
    left = np.zeros((3, 32), dtype=np.uint32)
    right = left.copy()
    right[1, 0] = 0x0F010080
    right[2] = 0xFFFFFFFF

    assert agreements(left, right).tolist() == [BINS, BINS - 3, 0]


def test_similarities_and_agreements_are_told_from_each_other():
    assert [jaccard(agreements_at(similarity)) for similarity in (0.0, 0.2, 1.0)] == [0.0, 0.2, 1.0]
    assert jaccard(0) == 0.0
