"""What is known of a file's tokens, as a sum over its blocks, and the figures that follow when all are read.

While a file is read, its rows' lengths are counted with fixed usual ratios and a sample of its text is kept; at the
end the sample is counted with the tokenizer, and all lengths are scaled by what the whole file then has.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.tokens.call_tokens import with_calls
from pipeline.dataset.tokens.features import count_features, usual_tokens
from pipeline.dataset.tokens.length_limits import MAX_LENGTHS, TURN_OVERHEAD_TOKENS, RowLengths, Truncation
from pipeline.dataset.tokens.sample import TokenSample
from pipeline.dataset.tokens.spread import TOKEN_METHOD, TOKENS_PER_WORD
from pipeline.dataset.tokens.token_estimate import estimate_tokens
from pipeline.dataset.tokens.tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A count of tokens, and how sure it is."""

    tokens: int
    standard_error: float | None
    """In tokens; 0 when every turn was counted, None when nothing was, or of too few conversations."""
    method: str
    """`exact:<tokenizer>`, `sample:<tokenizer>` or `words*1.3`."""
    tokenizer: str
    """Its name, empty without one."""


@dataclass(frozen=True, slots=True)
class TokenFigures:
    """Figures of tokens."""

    count: TokenCount
    tokens_per_conversation: dict[str, int | None]
    """As `spread` has it, of the contents."""
    truncation: list[Truncation]
    """A row for each max_length (see `RowLengths.truncation`)."""
    rows_by_tokens: dict[int, int]
    """See `RowLengths.histogram`."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenStatistics:
    """Of some conversations of a file; `+` joins parts, in any order. About 1 MB, however large the part."""

    turn_count: int = 0
    word_count: int = 0
    tokens: int = 0
    """Those counted, or as many as is usual."""
    counted_by: str | None = None
    """The tokenizer that counted every turn, None where a sample stands for them."""
    lengths: RowLengths = field(default_factory=RowLengths)
    sample: TokenSample = field(default_factory=TokenSample)
    by_row: Integers | None = None
    """Of each conversation, of one block alone: sums forget it."""

    def __add__(self, other: "TokenStatistics") -> "TokenStatistics":
        """Both parts together.

        Raises:
            ValueError: one was counted, the other sampled, or another tokenizer counted.
        """
        if not self.turn_count or not other.turn_count:
            return replace(self if self.turn_count else other, by_row=None)
        if self.counted_by != other.counted_by:
            raise ValueError(f"expected tokens counted by {self.counted_by}, found {other.counted_by}")
        return TokenStatistics(
            self.turn_count + other.turn_count,
            self.word_count + other.word_count,
            self.tokens + other.tokens,
            self.counted_by,
            self.lengths + other.lengths,
            self.sample + other.sample,
        )

    def conclude(self, tokenizer: Tokenizer | None, max_lengths: Sequence[int] = MAX_LENGTHS) -> TokenFigures:
        """The figures of a whole file. tokenizer: what counts the sample; None: words × 1.3."""
        count = self._count(tokenizer)
        overhead = TURN_OVERHEAD_TOKENS * self.turn_count
        row_factor = (count.tokens + overhead) / (self.tokens + overhead) if self.turn_count else 1.0
        content_factor = count.tokens / self.tokens if self.tokens else 1.0
        return TokenFigures(
            count,
            self.lengths.spread(content_factor),
            self.lengths.truncation(row_factor, max_lengths),
            self.lengths.histogram(row_factor),
        )

    def _count(self, tokenizer: Tokenizer | None) -> TokenCount:
        if self.counted_by is not None:
            return TokenCount(self.tokens, 0.0, f"exact:{self.counted_by}", self.counted_by)
        if tokenizer is None:
            return TokenCount(round(self.word_count * TOKENS_PER_WORD), None, TOKEN_METHOD, "")
        name = tokenizer.name
        if self.sample.turns is not None:
            kept = self.sample.turns.to_pylist()
            of_empty = int(tokenizer.count([""])[0])
            tokens = int(tokenizer.count(kept).sum()) + of_empty * (self.turn_count - len(kept))
            return TokenCount(tokens, 0.0, f"exact:{name}", name)
        estimate, error = estimate_tokens(self.sample.windows, self.sample.totals, tokenizer)
        return TokenCount(round(estimate), error if math.isfinite(error) else None, f"sample:{name}", name)


def measure_tokens(columns: Columns, tokenizer: Tokenizer | None = None, *, exact: bool = False) -> TokenStatistics:
    """The statistics of one block, calls of tools and all.

    exact: count every turn with the tokenizer; without that, it is not used here.

    Raises:
        ValueError: exact, and no tokenizer.
    """
    if not columns.ids:
        return TokenStatistics()
    turn_count, word_count = len(columns.roles), int(columns.word_counts.sum())
    if exact:
        if tokenizer is None:
            raise ValueError("expected a tokenizer to count with, found none")
        counts = count_tokens(with_calls(columns), tokenizer)
        by_row = np.add.reduceat(counts, columns.turn_starts[:-1])
        lengths = RowLengths.of(columns, counts)
        return TokenStatistics(turn_count, word_count, int(counts.sum()), tokenizer.name, lengths, by_row=by_row)
    columns = with_calls(columns)
    again = columns.again
    different = again.different if again else columns
    features = count_features(different.text, different.text_starts, different.word_counts)
    usual = usual_tokens(features)
    by_row = np.add.reduceat(usual, different.turn_starts[:-1])
    totals, tokens = features.sum(axis=0), int(usual.sum())
    if again:
        totals, tokens = again.turn_counts @ features, int(again.turn_counts @ usual)
        by_row = by_row[again.rows]
    lengths = RowLengths.of(different, usual, again.row_counts if again else None)
    return TokenStatistics(turn_count, word_count, tokens, None, lengths, TokenSample.of(columns, totals), by_row)


def count_tokens(columns: Columns, tokenizer: Tokenizer) -> Integers:
    """Tokens of each turn's content."""
    return tokenizer.count(columns.contents.to_pylist())
