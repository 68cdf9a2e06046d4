"""The number of tokens of a file from a sample of its text, with its standard error.

Tokens are explained by the features that are known of the whole file (weighted least squares over the windows), and
what stays unexplained in the windows is carried over to the file in proportion to its bytes: a regression estimator,
unbiased up to terms of the order of 1 / windows whether or not the explanation is good.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.words import count_words
from pipeline.dataset.model.xxh3 import Hashes
from pipeline.dataset.tokens.features import BYTE_FEATURES, USUAL_HUNDREDTHS, count_features
from pipeline.dataset.tokens.tokenizers import Tokenizer
from pipeline.dataset.tokens.windows import widen

Reals = npt.NDArray[np.float64]

_USUAL: Reals = USUAL_HUNDREDTHS / 100
# A window within a turn is counted behind a letter, which is taken off again: tokenizers treat the beginning of a
# text in ways of their own.
_BEFORE = b"a"
_TRUST_IN_USUAL = 1.0  # weight of the usual ratios, in windows; it decides only where windows say next to nothing


def estimate_tokens(windows: pa.Table, totals: Integers, tokenizer: Tokenizer) -> tuple[float, float]:
    """Tokens in text with these totals of features, and the standard error of that."""
    features, tokens, owners = _count(windows, tokenizer)
    sizes = features @ BYTE_FEATURES
    if not sizes.any():
        return float(totals @ _USUAL), float("inf")
    ratios = _fit(features, tokens, sizes)
    rest = tokens - features @ ratios
    scale = float(totals @ BYTE_FEATURES / sizes.sum())
    return float(totals @ ratios + scale * rest.sum()), scale * _error(rest, owners, features.shape[1])


def _count(windows: pa.Table, tokenizer: Tokenizer) -> tuple[Integers, Integers, Hashes]:
    """Features, tokens and owners of the windows that hold something, a row each."""
    is_first = windows["is_first"].to_numpy()
    names = ("text", "begins", "ends", "is_first", "is_last")
    cut = map(widen, *(windows[name].to_pylist() for name in names))
    texts = [text if alone else _BEFORE + text for text, alone in zip(cut, is_first.tolist(), strict=True)]
    features, tokens = _features(texts), tokenizer.count([text.decode() for text in texts])
    features[~is_first] -= _features([_BEFORE])
    tokens[~is_first] -= tokenizer.count([_BEFORE.decode()])
    seen = features @ BYTE_FEATURES > 0
    return features[seen], tokens[seen], windows["owner"].to_numpy()[seen]


def _features(texts: list[bytes]) -> Integers:
    text = np.frombuffer(b"".join(texts), dtype=np.uint8)
    starts = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return count_features(text, starts, count_words(text, starts))


def _fit(features: Integers, tokens: Integers, sizes: Integers) -> Reals:
    """Tokens for one of each feature: least squares, each window's variance taken to grow with its bytes."""
    weighted = features / np.sqrt(sizes)[:, None]
    # The prior counts as much as _TRUST_IN_USUAL windows do.
    strength = _TRUST_IN_USUAL * (weighted**2).sum() / len(sizes) / features.shape[1]
    normal = weighted.T @ weighted + strength * np.eye(features.shape[1])
    surprise = (tokens - features @ _USUAL) / np.sqrt(sizes)
    fitted: Reals = _USUAL + np.linalg.solve(normal, weighted.T @ surprise)
    return fitted


def _error(rest: Reals, owners: Hashes, fitted_count: int) -> float:
    """Standard error of the sum of what is unexplained; windows of one conversation are no independent witnesses."""
    _, groups = np.unique(owners, return_inverse=True)
    by_owner = np.bincount(groups, weights=rest)
    freedom = len(by_owner) - fitted_count
    return float(np.sqrt((by_owner**2).sum() * len(by_owner) / freedom)) if freedom > 0 else float("inf")
