"""Reads what a form of ours sends; no form here has files, and the service limits every body (`middleware.py`)."""

from math import isfinite
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from pipeline.errors import UsageError

_MOST_USD = 1_000_000
Pairs = tuple[tuple[str, str], ...]
"""Names and values of fields, in their order; a name may be there several times."""


async def _pairs(request: Request) -> Pairs:
    """Every field that was sent, without what databases take in no text."""
    sent = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return tuple((name, value.replace("\x00", "\ufffd")) for name, value in sent)


async def _read(pairs: Annotated[Pairs, Depends(_pairs)]) -> dict[str, str]:
    """The last value of each field."""
    return dict(pairs)


Form = Annotated[dict[str, str], Depends(_read)]
Fields = Annotated[Pairs, Depends(_pairs)]


def count_of_field(text: str, most: int) -> int | None:
    """The whole number from 0 to `most` that a field has; None of any other text."""
    return int(text) if text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most else None


def budget_of(text: str) -> float | None:
    """US dollars as they were typed; None for an empty field.

    Raises:
        UsageError: it is no sum of money.
    """
    if not text:
        return None
    try:
        budget = float(text)
    except ValueError:
        budget = 0.0
    if not (isfinite(budget) and 0 < budget <= _MOST_USD):
        expected = f"expected US dollars above 0, {_MOST_USD:,} at most"
        raise UsageError(f"budget: {expected}, found {text[:20]!r}: leave it empty for none")
    return budget
