"""Figures over the steps of a training as curves: lengths for SVG, and labels for its axes. Values in, values out.

A curve is the last value of each place, on a band from the least to the greatest there: no peak between is lost. The
labels of an axis stand at equal distances, so a page needs no script and no style of its own to place them; SVG that is
stretched to the width of its place keeps its strokes, and texts stay as large as all others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.state.catalog.attempt_records import Series
from pipeline.state.catalog.metric_buckets import Bucket
from pipeline.wording import compact

WIDTH, HEIGHT = 1_000, 300
PLACES = 250
"""Most places that a curve is drawn with; a phone has fewer pixels."""
_TICKS = 5
_STEEP = 100.0  # from here on, values of many sizes are told apart by their powers of ten only
_HIGHEST_SHARE = 0.99  # a single peak does not flatten all the rest
Hue = Literal["training", "validation"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure as paths."""

    label: str
    hue: Hue
    now: str
    line: str
    """Its values."""
    band: str
    """From the least to the greatest, empty where they are one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that is pointed out."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over one scale."""

    title: str
    curves: tuple[Curve, ...]
    ys: tuple[str, ...]
    """Labels from the top down."""
    grid: tuple[float, ...]
    """Where they stand."""
    xs: tuple[str, ...]
    """Labels from left to right."""
    mark: Mark | None
    said: str
    """The same for who does not see it."""


def chart(title: str, drawn: Sequence[tuple[str, Hue, Series]], last_step: int, best: Series | None = None) -> Chart:
    """The chart of series. drawn: each with its label and colour; best: that whose least value is marked."""
    thin = [thinned(series.buckets, PLACES) for _, _, series in drawn]
    scale = scale_of([bucket for buckets in thin for bucket in buckets])
    steps = max(last_step, *(series.last_step for _, _, series in drawn), 1)
    curves = tuple(
        _curve(label, hue, series, buckets, scale, steps)
        for (label, hue, series), buckets in zip(drawn, thin, strict=True)
    )
    mark = None
    if best is not None:
        x, y = _x(best.least_step, steps), scale.y(best.least_value)
        mark = Mark(x, y, f"best {figure(best.least_value)} at step {best.least_step:,}")
    return Chart(
        title=title,
        curves=curves,
        ys=tuple(figure(tick) for tick in reversed(scale.ticks)),
        grid=scale.grid,
        xs=("0", compact(steps // 2), f"{compact(steps)} steps"),
        mark=mark,
        said=f"{title} over {steps:,} steps: " + "; ".join(_said(label, series) for label, _, series in drawn),
    )


def figure(value: float) -> str:
    """A figure of a training, to four digits."""
    return f"{value:.4g}"


def thinned(buckets: Sequence[Bucket], most: int) -> list[Bucket]:
    """At most so many buckets, each of neighbours."""
    size = -(-len(buckets) // most) or 1
    groups = [buckets[place : place + size] for place in range(0, len(buckets), size)]
    return [
        (group[0][0], group[-1][1], min(each[2] for each in group), max(each[3] for each in group), group[-1][4])
        for group in groups
    ]


@dataclass(frozen=True, slots=True)
class Scale:
    """Round values at equal distances, from below."""

    ticks: tuple[float, ...]
    is_log: bool = False
    """They are powers of ten."""

    @property
    def grid(self) -> tuple[float, ...]:
        """How far below the top the values stand, from the top down."""
        return tuple(round(HEIGHT * place / (len(self.ticks) - 1), 1) for place in range(len(self.ticks)))

    def y(self, value: float) -> float:
        """How far below the top a value stands; none stands outside."""
        low, high = self._place(self.ticks[0]), self._place(self.ticks[-1])
        share = (self._place(value) - low) / (high - low)
        return round(HEIGHT * (1 - min(1.0, max(0.0, share))), 1)

    def _place(self, value: float) -> float:
        return math.log10(max(value, self.ticks[0])) if self.is_log else value


def scale_of(buckets: Sequence[Bucket]) -> Scale:
    """A scale on which the values of buckets can be told apart."""
    peaks = sorted(bucket[3] for bucket in buckets)
    low = min(bucket[2] for bucket in buckets)
    high = max(peaks[int(_HIGHEST_SHARE * (len(peaks) - 1))], max(bucket[4] for bucket in buckets))
    if low > 0 and high / low > _STEEP:
        return Scale(_powers(low, high), is_log=True)
    if high - low <= abs(high) * 1e-9:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if high else (0.0, 1.0)
    return linear(low, high)


def linear(low: float, high: float) -> Scale:
    """Round values around two, which are not the same."""
    step = _round_step((high - low) / (_TICKS - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(tuple(each * step for each in range(first, max(last, first + 1) + 1)))


def _powers(low: float, high: float) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = -(-(last - first) // _TICKS)
    return tuple(10.0**power for power in range(first, last + every, every))


def _round_step(least: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 2.5, 5, 10) if power * digit >= least * (1 - 1e-9))


def _curve(label: str, hue: Hue, series: Series, buckets: Sequence[Bucket], scale: Scale, steps: int) -> Curve:
    points = [f"{_x(bucket[1], steps)} {scale.y(bucket[4])}" for bucket in buckets]
    tops = [f"{_x(bucket[1], steps)} {scale.y(bucket[3])}" for bucket in buckets]
    floors = [f"{_x(bucket[1], steps)} {scale.y(bucket[2])}" for bucket in reversed(buckets)]
    has_band = any(bucket[2] < bucket[3] for bucket in buckets)
    return Curve(
        label=label,
        hue=hue,
        now=figure(series.last_value),
        line="M" + "L".join(points) + ("h0" if len(points) == 1 else ""),
        band=f"M{'L'.join(tops + floors)}z" if has_band else "",
    )


def _x(step: int, steps: int) -> float:
    return round(WIDTH * step / steps, 1)


def _said(label: str, series: Series) -> str:
    last, least = figure(series.last_value), figure(series.least_value)
    return f"{label} {last} at step {series.last_step:,}, at the least {least} at step {series.least_step:,}"
