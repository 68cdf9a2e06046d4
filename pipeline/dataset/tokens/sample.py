"""A bounded sample of a file's text, as a sum over its parts, whatever the parts and their order are."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.tokens.features import BYTE_FEATURES, FEATURE_COUNT
from pipeline.dataset.tokens.windows import WINDOWS, pick_windows

WHOLE_BYTES = 2**18  # text that is kept and counted whole
MAX_WINDOWS = 400  # 38 KB of text, for a standard error of about 0.5 % of the tokens, whatever the size of the file


@dataclass(frozen=True, slots=True, eq=False)
class TokenSample:
    """What `+` keeps of two samples is what one look at both texts would keep."""

    totals: Integers = field(default_factory=lambda: np.zeros(FEATURE_COUNT, dtype=np.int64))
    """Sums of the features of `features.py`, over all turns."""
    turns: pa.ChunkedArray | None = field(default_factory=lambda: pa.chunked_array([], pa.large_utf8()))
    """Contents of all that have one, None where they are more than WHOLE_BYTES."""
    windows: pa.Table = field(default_factory=WINDOWS.empty_table)
    """A table of `WINDOWS` in their order, MAX_WINDOWS rows at most."""

    @classmethod
    def of(cls, columns: Columns, totals: Integers) -> "TokenSample":
        """The sample of one block."""
        is_small = len(columns.text) <= WHOLE_BYTES
        turns = pa.chunked_array([_with_text(columns)]) if is_small else None
        return cls(totals, turns, pick_windows(columns, MAX_WINDOWS))

    def __add__(self, other: "TokenSample") -> "TokenSample":
        """The sample of both texts together."""
        totals = self.totals + other.totals
        turns = None
        if self.turns is not None and other.turns is not None and totals @ BYTE_FEATURES <= WHOLE_BYTES:
            turns = pa.chunked_array([*self.turns.chunks, *other.turns.chunks], pa.large_utf8()).combine_chunks()
            turns = pa.chunked_array([turns])
        windows = first_windows(pa.concat_tables([self.windows, other.windows]), MAX_WINDOWS)
        return TokenSample(totals, turns, windows)


def _with_text(columns: Columns) -> pa.LargeStringArray:
    """The contents that are not empty: no more than there are bytes, of a file of nothing but empty ones none."""
    starts = columns.text_starts[np.append(True, np.diff(columns.text_starts) > 0)]
    return column_of(columns.text, starts).view(pa.large_utf8())


def first_windows(windows: pa.Table, limit: int) -> pa.Table:
    """The rows that come first, in order; of equal ones those that stand first.

    They are of one text, which may be cut into turns at two places.
    """
    first = np.argsort(windows["order"].to_numpy(), kind="stable")[:limit]
    if not len(first):
        return windows
    # Two tables in order are some slices of each; Arrow's `take` would import `pyarrow.compute`.
    begins = np.flatnonzero(np.diff(first, prepend=-2) != 1)
    slices = zip(first[begins].tolist(), np.diff(begins, append=len(first)).tolist(), strict=True)
    return pa.concat_tables([windows.slice(at, count) for at, count in slices]).combine_chunks()
