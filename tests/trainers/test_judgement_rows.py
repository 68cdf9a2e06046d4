"""Judgements of one kind more than of the other are weighed, so that neither drowns the other."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.trainers.judgement_rows import Weights, weights
from pipeline.trainers.survey import Survey


def _survey(liked: int, disliked: int) -> Survey:
    return Survey(train_rows=liked + disliked, train_liked=liked)


@given(liked=st.integers(1, 10**6), disliked=st.integers(1, 10**6))
def test_weighted_counts_lie_within_one_and_four_thirds(liked, disliked):
    found = weights(_survey(liked, disliked))

    assert 1 <= liked * found.liked / (disliked * found.disliked) <= 4 / 3
    assert 1 in (found.liked, found.disliked)


def test_a_rarer_kind_counts_more():
    assert weights(_survey(50, 25)) == Weights(disliked=1.71)
    assert weights(_survey(25, 50)) == Weights(liked=2.33)
    assert weights(_survey(40, 30)) == Weights()


def test_one_kind_alone_cannot_be_weighed():
    assert weights(_survey(50, 0)) == weights(_survey(0, 50)) == Weights()
