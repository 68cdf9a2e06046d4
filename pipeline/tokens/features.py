"""What is cheap to count in a text and says most about its number of tokens: words, and bytes by their class.

One vectorised pass over a block's bytes. How tokens follow from these counts is fitted in `estimate`; before
anything is fitted, USUAL_TOKENS serves.
"""

import numpy as np
import numpy.typing as npt

from pipeline.conversations.flags import Bytes, Integers, count_before, padded

# Words, ASCII letters, other ASCII bytes, bytes of characters beyond ASCII, characters of four bytes (emoji).
FEATURE_COUNT = 5
BYTE_FEATURES = np.array([0, 1, 1, 1, 0])  # features × this = bytes

# Tokens of the vocabulary o200k_base for one of each, fitted to English, Chinese, Python and chats with emoji.
USUAL_TOKENS = np.array([0.45, 0.11, 0.20, 0.20, 0.60])


def count_features(text: Bytes, starts: Integers, word_counts: Integers) -> Integers:
    """Features of each string, one row each.

    text: UTF-8 of all strings, end to end; starts: n + 1 positions in text; word_counts: n.
    """
    letters = _count((text | np.uint8(0x20)) - np.uint8(ord("a")) < 26, starts)
    wide = _count(text >= 0x80, starts) if len(text) and text.max() >= 0x80 else np.zeros_like(word_counts)
    emoji = _count(text >= 0xF0, starts) if wide.any() else wide
    return np.stack([word_counts, letters, np.diff(starts) - letters - wide, wide, emoji], axis=1)


def usual_tokens(features: Integers) -> npt.NDArray[np.float64]:
    """Roughly how many tokens each row has; no less than one where there is a byte."""
    tokens: npt.NDArray[np.float64] = features @ USUAL_TOKENS
    return np.maximum(tokens, (features @ BYTE_FEATURES > 0).astype(np.float64))


def _count(flags: npt.NDArray[np.bool_], starts: Integers) -> Integers:
    whole = np.zeros(padded(len(flags)), dtype=np.bool_)
    whole[: len(flags)] = flags
    return np.diff(count_before(whole, starts))
