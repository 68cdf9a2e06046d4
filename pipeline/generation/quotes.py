"""Whether a quote is really in a text: what a model says that it has read, it may as well have made up.

Neither case, white space, the shape of quotation marks and dashes, nor what is left out at marks of omission counts.
"""

import re
from collections.abc import Iterable

_OMITTED = re.compile(r"\[?(?:\.\.\.|…)\]?")
_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "\u00a0": " "})
_LEAST_CHARACTERS = 8  # of a quote: less stands in any text


def is_quoted_from(quote: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts holds all pieces of a quote, in their order."""
    pieces = [piece for part in _OMITTED.split(quote) if (piece := _plain(part).strip("\"'* "))]
    if sum(map(len, pieces)) < _LEAST_CHARACTERS:
        return any(pieces == [_plain(text).strip("\"'* ")] for text in texts)
    return any(_holds(_plain(text), pieces) for text in texts)


def _holds(text: str, pieces: Iterable[str]) -> bool:
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def _plain(text: str) -> str:
    return " ".join(text.translate(_MARKS).casefold().split())
