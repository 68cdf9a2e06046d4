"""Counts, sizes, shares, times and sums of money as people read them: one way of saying each, wherever it is said.

Pure functions, also the filters of templates. Text that others wrote is made safe next door, in `safe_text.py`; what a
page, a card or a trainer's file says with these words is written there.
"""

import re
from datetime import date, datetime

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400


def count_of(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun. plural: where it is not the noun with an s.

    >>> count_of(1, "row"), count_of(1_200, "row"), count_of(2, "pass", "passes")
    ('1 row', '1,200 rows', '2 passes')
    """
    return f"{count:,} {plural_of(noun, count, plural)}"


def plural_of(noun: str, count: int, plural: str = "") -> str:
    """The noun alone, for so many.

    >>> plural_of("row", 1), plural_of("row", 0)
    ('row', 'rows')
    """
    return noun if count == 1 else plural or f"{noun}s"


def times(count: int, thing: str) -> str:
    """So many of a thing that is bought by the piece.

    >>> times(1, "A100"), times(2, "A100")
    ('A100', '2 × A100')
    """
    return f"{count} × {thing}" if count > 1 else thing


def number(value: float) -> str:
    """With thousands separators; others than whole numbers with one digit."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


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


def short(figure: float) -> str:
    """A figure of at most some five characters.

    >>> [short(figure) for figure in (0.012, 3.456, 45.6, 1234.5)]
    ['0.012', '3.46', '45.6', '1,234']
    """
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}" if figure >= 0.1 else f"{figure:.2g}"


def percent(share: float, digits: int = 1) -> str:
    """A share as people write it; what exists is never 0 %, and what is not all never 100 %.

    >>> percent(0.125), percent(0.5), percent(0.0001), percent(0.0001, 0), percent(0.999, 0)
    ('12.5%', '50%', '<0.1%', '<1%', '>99%')
    """
    value, least = 100 * share, 10**-digits
    if 0 < value < least:
        return f"<{least:g}%"
    if 100 - least < value < 100:
        return f">{100 - least:g}%"
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if digits else text) + "%"


def size(size_bytes: int) -> str:
    """In the largest decimal unit that leaves a whole part.

    >>> size(1), size(12_345), size(999_999)
    ('1 byte', '12.3 kB', '1.0 MB')
    """
    value, unit = float(size_bytes), ""
    for larger in ("kB", "MB", "GB", "TB"):
        if value < (999.95 if unit else 1_000):
            break
        value, unit = value / 1_000, larger
    return f"{value:.1f} {unit}" if unit else count_of(size_bytes, "byte")


def usd(amount: float) -> str:
    """An amount of US dollars."""
    return f"${amount:,.2f}" if amount >= 0.005 or amount == 0 else "under 1 cent"


def nano_usd(amount: int) -> str:
    """An amount in billionths of a US dollar, as US dollars; small ones with the digits that they have.

    >>> nano_usd(1_250_000_000), nano_usd(2_350_000), nano_usd(0)
    ('$1.25', '$0.0024', '$0.00')
    """
    amount_usd = amount / 1_000_000_000
    if amount_usd >= 1 or amount == 0:
        return f"${amount_usd:,.2f}"
    return f"${amount_usd:.4f}" if amount_usd >= 0.0001 else "under $0.0001"


def moment(time: datetime, *, seconds: bool = False) -> str:
    """To the minute or the second, with its zone."""
    return f"{time:%Y-%m-%d %H:%M{':%S' if seconds else ''}} {time.tzname() or ''}".rstrip()


def time_of_day(time: datetime, *, seconds: bool = False) -> str:
    """To the minute or the second, with its zone; for what happens soon."""
    return f"{time:%H:%M{':%S' if seconds else ''}} {time.tzname() or ''}".rstrip()


def day(time: date) -> str:
    """`24 Nov 2026`."""
    return f"{time.day} {time:%b %Y}"


def iso(time: datetime) -> str:
    """For `<time datetime>`; the script shows it in the reader's own zone."""
    return time.isoformat(timespec="seconds")


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


def sentence(text: str) -> str:
    """A message as a sentence: a capital first, a full stop last."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?', '…')) else '.'}" if text else ""


def cut(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def opening(text: str, most: int) -> str:
    """The beginning of a long text, ending before white space where there is some; the whole of one hardly longer."""
    if len(text) <= most + most // 2:
        return text
    begin = text[:most]
    parts = begin.rsplit(maxsplit=1)
    return (parts[0] if len(parts) == 2 and len(parts[0]) >= most // 2 else begin) + "…"


def slug(text: str, keep: str = "") -> str:
    """A name for an address or an id: small letters, digits and hyphens. keep: what else may stand in it.

    >>> slug("Too many – requests!"), slug("Qwen2.5 7B", keep=".")
    ('too-many-requests', 'qwen2.5-7b')
    """
    return re.sub(f"[^a-z0-9{re.escape(keep)}]+", "-", text.lower()).strip(f"-{keep}")
