"""Cuts two texts around the first place where they differ, as they may be shown beside each other."""

from pipeline.safe_text import shown

_SHOWN = 280  # bytes of each
_LEAD = 60  # of them before the first difference


def around_difference(before: bytes, after: bytes | None) -> tuple[str, str | None]:
    """The pieces of both; of one that is gone None, and then the beginning of the other."""
    if after is None:
        return _piece(before, 0), None
    pairs = zip(before, after, strict=False)
    differs = next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after)))
    start = max(0, differs - _LEAD)
    return _piece(before, start), _piece(after, start)


def _piece(text: bytes, start: int) -> str:
    while 0 < start < len(text) and text[start] & 0xC0 == 0x80:  # not within a character
        start -= 1
    piece = text[start : start + _SHOWN].decode("utf-8", "surrogateescape")
    return f"{'…' if start else ''}{shown(piece)}{'…' if len(text) > start + _SHOWN else ''}"
