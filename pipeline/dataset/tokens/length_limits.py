"""How long rows are in tokens, and what trainers cut off them: counts of rows by length, in bounded memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np

from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.tokens.spread import spread

MAX_LENGTHS = (512, 1024, 2048, 4096, 8192, 16384, 32768)
TURN_OVERHEAD_TOKENS = 4  # what a chat template puts before a turn's content, roughly: two marks, role, newline


class Truncation(TypedDict):
    """What a limit on tokens does to a dataset; a row of the report."""

    max_length: int
    rows_cut: int
    share_cut: float
    rows_without_supervised_tokens: int


_EXACT = 2**15  # every length up to here has a bin of its own
_BINS_PER_DOUBLING = 64  # above, a bin is 1.1 % wide
_BIN_COUNT = _EXACT + 1 + 25 * _BINS_PER_DOUBLING
STEPS = 4  # of the histogram, a doubling
_ROUNDING = 1e-9
_NEVER = 2**62
_CONTENT, _ROW, _LEARNED = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class RowLengths:
    """Rows by length in tokens; `+` joins parts."""

    counts: Integers = field(default_factory=lambda: np.zeros((3, _BIN_COUNT), dtype=np.int64))
    """Rows in each bin, three times: by length of their contents; of the whole row, with what a template adds; and of
    what comes before the first supervised token, for rows that have one."""
    longest_tokens: int = 0
    """Of contents."""

    @classmethod
    def of(cls, columns: Columns, tokens: Integers, times: Integers | None = None) -> "RowLengths":
        """The rows of one block that has some. tokens: of each turn; times: how often each row comes, if not once.

        The alternatives of a preference are rows of their own to a trainer; the longer one counts.
        """
        firsts = columns.turn_starts[:-1]
        contents = np.add.reduceat(tokens, firsts)
        before = _tokens_before(columns, tokens + TURN_OVERHEAD_TOKENS) + TURN_OVERHEAD_TOKENS
        rows = np.maximum.reduceat(before + tokens, firsts)
        learned = np.minimum.reduceat(np.where(columns.is_supervised & (tokens > 0), before, _NEVER), firsts)
        is_learned = learned < _NEVER
        bins = np.concatenate([_bins(contents), _BIN_COUNT + _bins(rows), 2 * _BIN_COUNT + _bins(learned[is_learned])])
        weights = None if times is None else np.concatenate([times, times, times[is_learned]])
        counts = np.bincount(bins, weights, minlength=3 * _BIN_COUNT).astype(np.int64).reshape(3, _BIN_COUNT)
        return cls(counts, int(contents.max()))

    def __add__(self, other: "RowLengths") -> "RowLengths":
        """The rows of both parts."""
        return RowLengths(self.counts + other.counts, max(self.longest_tokens, other.longest_tokens))

    def spread(self, factor: float) -> dict[str, int | None]:
        """Minimum, percentiles and maximum of the contents' tokens; factor: real tokens of one that was counted."""
        lengths, counts = self._scaled(_CONTENT, factor)
        histogram: dict[int, int] = {}
        for length, count in zip(lengths.tolist(), counts.tolist(), strict=True):
            histogram[length] = histogram.get(length, 0) + count
        return spread(histogram) | ({"max": round(self.longest_tokens * factor)} if histogram else {})

    def truncation(self, factor: float, max_lengths: Sequence[int]) -> list[Truncation]:
        """What each max_length does to the rows.

        rows_cut: longer than that. rows_without_supervised_tokens: had some, and all of them are cut off.
        """
        rows, row_counts = self._scaled(_ROW, factor)
        learned, learned_counts = self._scaled(_LEARNED, factor)
        row_count = max(int(row_counts.sum()), 1)
        cut = [int(row_counts[rows > max_length].sum()) for max_length in max_lengths]
        return [
            {
                "max_length": max_length,
                "rows_cut": rows_cut,
                "share_cut": rows_cut / row_count,
                "rows_without_supervised_tokens": int(learned_counts[learned >= max_length].sum()),
            }
            for max_length, rows_cut in zip(max_lengths, cut, strict=True)
        ]

    def histogram(self, factor: float) -> dict[int, int]:
        """Rows by their tokens, with what a template adds: of each quarter of a doubling the least, and how many."""
        lengths, counts = self._scaled(_ROW, factor)
        steps = np.floor(STEPS * np.log2(np.maximum(lengths, 1)) + _ROUNDING).astype(np.int64)
        found = np.bincount(steps, weights=counts).astype(np.int64)
        return {least_of_step(step): int(found[step]) for step in np.flatnonzero(found).tolist()}

    def _scaled(self, which: int, factor: float) -> tuple[Integers, Integers]:
        """The lengths that occur, in order, and how many rows have each."""
        bins = np.flatnonzero(self.counts[which])
        return np.rint(_LENGTHS[bins] * factor).astype(np.int64), self.counts[which][bins]


def least_of_step(step: int) -> int:
    """The least length of a step of the histogram.

    >>> [least_of_step(step) for step in (0, 36, 37, 40)]
    [1, 512, 609, 1024]
    """
    return math.ceil(2 ** (step / STEPS) - _ROUNDING)


def _tokens_before(columns: Columns, lengths: Integers) -> Integers:
    """Tokens of a row before each turn: of the turns before it, but for those of the other alternative."""
    before = _sums_before(columns, lengths)
    if columns.branches.any():
        is_chosen, is_rejected = (columns.branches == branch for branch in (Branch.CHOSEN, Branch.REJECTED))
        before -= np.where(is_chosen, _sums_before(columns, lengths * is_rejected), 0)
        before -= np.where(is_rejected, _sums_before(columns, lengths * is_chosen), 0)
    return before


def _sums_before(columns: Columns, values: Integers) -> Integers:
    sums = np.cumsum(values) - values
    before: Integers = sums - np.repeat(sums[columns.turn_starts[:-1]], columns.turn_counts)
    return before


def _bins(lengths: Integers) -> Integers:
    bins = lengths.copy()
    wide = bins > _EXACT
    doublings = np.log2(bins[wide] / _EXACT)
    bins[wide] = np.minimum(_EXACT + 1 + (doublings * _BINS_PER_DOUBLING).astype(np.int64), _BIN_COUNT - 1)
    return bins


# The length that a bin stands for; the middle of the wide ones.
_LENGTHS = np.concatenate(
    [np.arange(_EXACT + 1), _EXACT * 2 ** ((np.arange(_BIN_COUNT - _EXACT - 1) + 0.5) / _BINS_PER_DOUBLING)]
)
