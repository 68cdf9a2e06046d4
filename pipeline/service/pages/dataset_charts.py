"""The charts of a dataset's page: rows by their tokens with the usual limits, and bars of lengths, roles, languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.card.card import Cut, Figures, Spread
from pipeline.card.card_sentences import language_name, words_note
from pipeline.card.charts import bars
from pipeline.dataset.tokens.length_limits import MAX_LENGTHS, STEPS, least_of_step
from pipeline.service.pages.curves import HEIGHT, WIDTH, linear
from pipeline.wording import compact, count_of, number, percent, sentence

_GAP = 0.16  # between two columns, as a share of one
_LEAST_HEIGHT = 2.0  # of what exists
_MOST_LABELS = 9


@dataclass(frozen=True, slots=True)
class Column:
    """Rows of similar length, as a path."""

    said: str
    path: str


@dataclass(frozen=True, slots=True)
class TokenChart:
    """Rows by their tokens."""

    title: str
    columns: tuple[Column, ...]
    ys: tuple[str, ...]
    """Labels from the top down."""
    grid: tuple[float, ...]
    """Where they stand."""
    xs: tuple[str, ...]
    """The doublings, at equal distances."""
    limits: tuple[float, ...]
    """Where usual values of max_length stand."""
    said: str
    """For who does not see it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A row of bars."""

    label: str
    value: str
    note: str
    length: float
    """Percent of the longest there could be."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars under one title."""

    title: str
    rows: tuple[Part, ...]
    note: str = ""
    """What is to be known of them."""


@dataclass(frozen=True, slots=True)
class DatasetCharts:
    """All charts; tokens is None where they were not counted, or by an earlier version."""

    tokens: TokenChart | None
    bars: tuple[Bars, ...]


def dataset_charts(figures: Figures) -> DatasetCharts | None:
    """The charts; None of a dataset without a turn."""
    if not figures.turns:
        return None
    all_bars = (
        _cuts(figures.truncation or ()),
        _spread("Tokens per conversation", figures.tokens_per_conversation),
        _spread("Turns per conversation", figures.turns_per_conversation),
        _words(figures),
        _shares("Roles", figures.roles, "turn"),
        _languages(figures),
    )
    return DatasetCharts(
        _tokens(figures.rows_by_tokens or {}), tuple(each for each in all_bars if each.rows or each.note)
    )


def _tokens(rows_by_tokens: Mapping[str, int]) -> TokenChart | None:
    """Columns from a doubling to a doubling, so that each stands above its label."""
    counts = {int(least): rows for least, rows in rows_by_tokens.items() if rows}
    if not counts:
        return None
    steps = range(_doubling(min(counts)) * STEPS, (_doubling(max(counts)) + 1) * STEPS)
    scale = linear(0.0, float(max(counts.values())))
    columns = []
    for place, step in enumerate(steps):
        least, most = least_of_step(step), least_of_step(step + 1) - 1
        if most >= least and (rows := counts.get(least, 0)):
            lengths = f"{least:,}–{most:,}" if most > least else f"{least:,}"
            columns.append(
                Column(f"{lengths} tokens: {count_of(rows, 'row')}", _path(place, len(steps), scale.y(rows)))
            )
    first, last = steps.start // STEPS, steps.stop // STEPS
    every = -(-(last - first) // (_MOST_LABELS - 1))
    limits = tuple(limit for limit in MAX_LENGTHS if 2**first < limit < 2**last)
    named = ", ".join(number(limit) for limit in limits)
    tallest = max(counts, key=lambda least: counts[least])
    return TokenChart(
        title="Rows by their tokens",
        columns=tuple(columns),
        ys=tuple(compact(round(tick)) if tick == round(tick) else "" for tick in reversed(scale.ticks)),
        grid=scale.grid,
        xs=tuple(compact(2**power) if (power - first) % every == 0 else "" for power in range(first, last + 1)),
        limits=tuple(round(WIDTH * (limit.bit_length() - 1 - first) / (last - first), 1) for limit in limits),
        said=f"Rows by their tokens, from {min(counts):,} to {least_of_step(steps.stop):,}: most, "
        f"{count_of(counts[tallest], 'row')}, have about {tallest:,}" + (f"; usual limits at {named}" if named else ""),
    )


def _doubling(length: int) -> int:
    return length.bit_length() - 1


def _path(place: int, places: int, y: float) -> str:
    width = WIDTH / places
    left = round(width * (place + _GAP / 2), 1)
    return f"M{left} {HEIGHT}V{min(y, HEIGHT - _LEAST_HEIGHT)}h{round(width * (1 - _GAP), 1)}V{HEIGHT}z"


def _cuts(cuts: tuple[Cut, ...]) -> Bars:
    """The limits up to the first that cuts nothing."""
    whole = next((place for place, cut in enumerate(cuts) if not cut.rows_cut), len(cuts))
    shown = cuts[: whole + 1]
    note = f"From {shown[-1].max_length:,} tokens on, nothing is cut." if shown and not shown[-1].rows_cut else ""
    rows = tuple(
        Part(number(cut.max_length), number(cut.rows_cut), percent(cut.share_cut), 100 * cut.share_cut) for cut in shown
    )
    return Bars("Rows that max_length cuts", rows, note)


def _spread(title: str, spread: Spread | None) -> Bars:
    named = (
        {
            "shortest": spread.min,
            "half are up to": spread.p50,
            "95% are up to": spread.p95,
            "99% are up to": spread.p99,
            "longest": spread.max,
        }
        if spread
        else {}
    )
    top = (spread.max if spread else 0) or 1
    rows = [Part(name, number(value), "", 100 * value / top) for name, value in named.items() if value is not None]
    return Bars(title, tuple(rows))


def _words(figures: Figures) -> Bars:
    note = words_note(figures.languages)
    return Bars("Words per turn", (), sentence(note)) if note else _spread("Words per turn", figures.words_per_turn)


def _shares(title: str, counts: Mapping[str, int], unit: str) -> Bars:
    rows = [Part(each.label, count_of(each.value, unit), percent(each.share), each.length) for each in bars(counts)]
    return Bars(title, tuple(rows))


def _languages(figures: Figures) -> Bars:
    """Their values are no counts, so only the shares are shown."""
    shares = {language_name(name): round(1_000_000 * share) for name, share in (figures.languages or {}).items()}
    rows = [Part(each.label, percent(each.share), "", each.length) for each in bars(shares, "other languages")]
    note = f"Told from {count_of(figures.languages_sampled, 'answer')}." if figures.languages_sampled else ""
    return Bars("Languages", tuple(rows), note)
