"""Tokens: how many a file has by a tokenizer that is named, and how many of its rows a trainer would cut.

`measure_tokens` looks at one block, statistics of blocks add up, `TokenStatistics.conclude` gives the figures. Words,
roles and all other counts are in `pipeline.dataset.profiles.turn_statistics`.
"""

from pipeline.dataset.tokens.length_limits import MAX_LENGTHS, TURN_OVERHEAD_TOKENS, RowLengths, Truncation
from pipeline.dataset.tokens.sample import TokenSample
from pipeline.dataset.tokens.token_statistics import (
    TokenCount,
    TokenFigures,
    TokenStatistics,
    count_tokens,
    measure_tokens,
)
from pipeline.dataset.tokens.tokenizer_errors import TokenizerError
from pipeline.dataset.tokens.tokenizers import BUNDLED, DEFAULT_TOKENIZER, Tokenizer, load_tokenizer

__all__ = [
    "BUNDLED",
    "DEFAULT_TOKENIZER",
    "MAX_LENGTHS",
    "TURN_OVERHEAD_TOKENS",
    "RowLengths",
    "TokenCount",
    "TokenFigures",
    "TokenSample",
    "TokenStatistics",
    "Tokenizer",
    "TokenizerError",
    "Truncation",
    "count_tokens",
    "load_tokenizer",
    "measure_tokens",
]
