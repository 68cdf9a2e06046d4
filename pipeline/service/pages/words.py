"""Times, counts and durations as people say them; pure functions, also the filters of the templates.

Sizes, shares and plurals are those of the card: `pipeline/card/card_sentences.py`.
"""

from datetime import datetime

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400


def ago(then: datetime, now: datetime) -> str:
    """How long ago, roughly; after a week the day.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 11, 25, 9, 30, tzinfo=UTC), datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
    '2 h ago'
    """
    seconds = (now - then).total_seconds()
    if seconds < 10:
        return "just now"
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s ago"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S:.0f} min ago"
    if seconds < _DAY_S:
        return f"{seconds // _HOUR_S:.0f} h ago"
    if seconds < 2 * _DAY_S:
        return "yesterday"
    if seconds < 7 * _DAY_S:
        return f"{seconds // _DAY_S:.0f} days ago"
    return day(then)


def day(time: datetime) -> str:
    """`24 Nov 2026`."""
    return f"{time.day} {time:%b %Y}"


def iso(time: datetime) -> str:
    """For `<time datetime>`; the script shows it in the reader's own zone."""
    return time.isoformat(timespec="seconds")


def compact(count: int) -> str:
    """A count in little space: exact below ten thousand, three digits above.

    >>> compact(8_378), compact(128_044), compact(12_345_678)
    ('8,378', '128k', '12.3M')
    """
    if count < 10_000:
        return f"{count:,}"
    value, unit = float(count), ""
    for larger in ("k", "M", "B", "T"):
        if value < 999.5:
            break
        value, unit = value / 1_000, larger
    return f"{value:.3g}{unit}"


def sentence(text: str) -> str:
    """A message as a sentence: a capital first, a full stop last."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?', '…')) else '.'}" if text else ""


def span(hours: float) -> str:
    """How long something takes, to two digits or so.

    >>> span(0.4), span(3.26), span(40)
    ('24 min', '3.3 h', '40 h')
    """
    minutes = hours * 60
    if minutes < 1:
        return "under a minute"
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{hours:.1f} h" if hours < 10 else f"{hours:,.0f} h"
