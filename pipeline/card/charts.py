"""The geometry of a card's charts: shares and columns as numbers. Their marks are drawn in `templates/`."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_BARS = 8
_MAX_SINGLE_VALUES = 16
_MAX_AXIS_LABELS = 6
_LEAST_HEIGHT = 1.0  # percent; what exists is seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart."""

    label: str
    value: int
    share: float
    """Of the whole, 0 to 1."""
    length: float
    """Percent of the longest bar there could be."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a histogram."""

    label: str
    axis_label: str
    """Its smallest value; empty where there is no room for it."""
    count: int
    height: float
    """Percent of the tallest."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Columns from the smallest value to the largest, empty ones included."""

    columns: tuple[Column, ...]

    @property
    def tallest(self) -> Column:
        """The first of the tallest."""
        return max(self.columns, key=lambda column: column.count)


def bars(counts: Mapping[str, int], others: str = "others") -> list[Bar]:
    """The largest first; from the MAX_BARS-th on they are one bar, so that a page stays a page."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ranked) > MAX_BARS:
        rest = ranked[MAX_BARS - 1 :]
        ranked = [*ranked[: MAX_BARS - 1], (f"{len(rest):,} {others}", sum(count for _, count in rest))]
    total = sum(counts.values()) or 1
    top = max((count for _, count in ranked), default=0) or 1
    return [Bar(label, count, count / total, _percent(count, top)) for label, count in ranked]


def histogram(values: Mapping[int, int]) -> Histogram | None:
    """A column for each value; where they are far apart, for 0, 1, 2–3, 4–7, 8–15, …; None without values."""
    counted = {value: count for value, count in values.items() if count}
    if not counted:
        return None
    low, high = min(counted), max(counted)
    if high - low < _MAX_SINGLE_VALUES:
        named = [(f"{value:,}", f"{value:,}", counted.get(value, 0)) for value in range(low, high + 1)]
    else:
        bins = [0] * (high.bit_length() + 1)
        for value, count in counted.items():
            bins[value.bit_length()] += count
        named = [(_range(size), f"{1 << size >> 1:,}", bins[size]) for size in range(low.bit_length(), len(bins))]
    top = max(count for _, _, count in named)
    every = -(-len(named) // _MAX_AXIS_LABELS)
    return Histogram(
        tuple(
            Column(label, axis_label if place % every == 0 else "", count, _percent(count, top))
            for place, (label, axis_label, count) in enumerate(named)
        )
    )


def _range(bit_length: int) -> str:
    if bit_length < 2:
        return str(bit_length)
    first, last = 1 << (bit_length - 1), (1 << bit_length) - 1
    return f"{first:,}–{last:,}"


def _percent(value: int, top: int) -> float:
    return max(_LEAST_HEIGHT, round(100 * value / top, 2)) if value else 0.0
