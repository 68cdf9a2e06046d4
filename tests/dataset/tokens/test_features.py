"""Features are counted as a loop over the characters would count them."""

import re

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dataset.model.words import count_words
from pipeline.dataset.tokens.features import count_features, usual_tokens

texts = st.lists(st.text(st.one_of(st.sampled_from(" \n!?/@a0.9你，🙂é"), st.characters(codec="utf-8"))))


def features(of):
    text = np.frombuffer("".join(of).encode(), dtype=np.uint8)
    starts = np.cumsum([0, *(len(each.encode()) for each in of)], dtype=np.int64)
    return count_features(text, starts, count_words(text, starts))


@given(texts)
@example([])
@example(["", "!!", "!", "", "0"])
@example(["x" * 63 + "!", "!" + "x" * 64, "é" * 40 + "🙂"])
@example(["." * 300_000, "a1" * 200_000])
def test_features_are_what_they_are_named_for(of):
    expected = [
        [
            len(text.split()),
            len(re.findall(r"[!-?]+", text)),
            len(re.findall(r"[0-9]", text)),
            len(re.findall(r"[\x00-\x7f]", text)),
            len(re.sub(r"[\x00-\x7f]", "", text).encode()),
            len(re.findall(r"[\U00010000-\U0010ffff]", text)),
        ]
        for text in of
    ]

    assert features(of).tolist() == expected


def test_usual_tokens_are_near_those_of_the_default_vocabulary():
    """Really 3, 10 and 2; an empty text has none, and one that has a byte has one."""
    of = ["The weather today", "def add(a, b): return a + b", "今天天气", "", " "]

    assert usual_tokens(features(of)).tolist() == [3, 11, 3, 0, 1]
