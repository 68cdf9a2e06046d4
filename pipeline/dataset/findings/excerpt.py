"""Cuts from a line the piece around a marked place that fits a width, and says where the mark goes.

Pure: bytes in, text out. Widths are terminal cells, of which a Chinese character or an emoji takes two.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

from pipeline.dataset.findings.json_path import Span
from pipeline.safe_text import glyph

ELLIPSIS = "…"
_CONTAINERS = (b"{", b"[")
_MAX_CHARACTER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a line in three parts, safe to print; `marked` is empty where the mark is for a place in between."""

    before: str
    marked: str
    after: str
    is_marked: bool = True

    @property
    def carets(self) -> str:
        """The line to print underneath; empty without a mark."""
        if not self.is_marked:
            return ""
        return " " * cell_len(self.before) + "^" * max(1, cell_len(self.marked))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters as they are shown, each with its width; `is_cut` where the line has more than these."""

    glyphs: list[tuple[str, int]]
    is_cut: bool

    @property
    def cells(self) -> int:
        """What showing it needs, with one for … where it is cut."""
        return sum(cells for _, cells in self.glyphs) + self.is_cut

    def head(self, cells: int) -> str:
        """The beginning that fits, with … for the rest."""
        if self.cells <= cells:
            return "".join(shown for shown, _ in self.glyphs) + ELLIPSIS * self.is_cut
        return "".join(_within(self.glyphs, cells - 1)) + ELLIPSIS

    def tail(self, cells: int) -> str:
        """The end that fits, with … for the rest."""
        if self.cells <= cells:
            return ELLIPSIS * self.is_cut + "".join(shown for shown, _ in self.glyphs)
        return ELLIPSIS + "".join(reversed(_within(reversed(self.glyphs), cells - 1)))


def excerpt(text: bytes, span: Span | None, width: int, *, is_cut: bool = False) -> Excerpt:
    """The piece of the line around the span, at most `width` cells wide, with … where something is left out.

    is_cut: whether the line goes on after the text.
    """
    if span is None:
        return Excerpt(_head(text, width, is_cut).head(width), "", "", is_marked=False)
    most_marked = width * 2 // 3
    marked = _head(text[span.start : span.stop], width)
    if marked.cells > most_marked and text[span.start : span.start + 1] in _CONTAINERS:
        span = Span(span.start, span.start + 1)  # an object or array too wide to underline
        marked = _head(text[span.start : span.stop], width)
    marked_cells = min(marked.cells, most_marked)
    before, after = _tail(text[: span.start], width), _head(text[span.stop :], width, is_cut)
    room = width - max(1, marked_cells)
    before_cells = min(before.cells, max(room - after.cells, room * 2 // 3))
    return Excerpt(before.tail(before_cells), marked.head(marked_cells), after.head(room - before_cells))


def _head(text: bytes, width: int, is_cut: bool = False) -> _Piece:
    """The first characters of a text, more than fit the width."""
    enough = text[: (width + 2) * _MAX_CHARACTER_BYTES]
    if len(enough) == len(text):
        return _Piece(_measured(text), is_cut)
    return _Piece(_measured(enough)[:-_MAX_CHARACTER_BYTES], is_cut=True)


def _tail(text: bytes, width: int) -> _Piece:
    """The last characters of a text, more than fit the width."""
    enough = text[-(width + 2) * _MAX_CHARACTER_BYTES :]
    if len(enough) == len(text):
        return _Piece(_measured(text), is_cut=False)
    return _Piece(_measured(enough)[_MAX_CHARACTER_BYTES:], is_cut=True)


def _measured(text: bytes) -> list[tuple[str, int]]:
    return [(shown, cell_len(shown)) for shown in map(glyph, text.decode("utf-8", "surrogateescape"))]


def _within(glyphs: Iterable[tuple[str, int]], cells: int) -> list[str]:
    kept = []
    for shown, width in glyphs:
        cells -= width
        if cells < 0:
            break
        kept.append(shown)
    return kept
