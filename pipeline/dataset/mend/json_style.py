"""Reads a row so that nothing of it is lost, and writes it again in the style in which it stood."""

import json
from collections.abc import Iterator

from pipeline.dataset.model.json_text import Json

_SEPARATORS = ((", ", ": "), (",", ":"), (", ", ":"), (",", ": "))
_INDENTS: tuple[int | str, ...] = (2, 4, "\t", 1, 3)


class Unfaithful(ValueError):
    """Reading the row and writing it again would lose something."""


def read_row(text: str) -> Json:
    """The row's value.

    Raises:
        ValueError: an object has a key twice, or a number is larger than any that can be written again.
    """
    value: Json = _DECODER.decode(text)
    return value


def restyled(value: Json, original: str, margin: str = "") -> str:
    """The value as JSON, in the style of the original text. margin: white space before the original's first line.

    The style is the one that reproduces the original; where none does, it is Python's own.
    """
    before = read_row(original)
    for style in _styles(original, margin):
        if style.text(before) == original:
            return style.text(value)
    return _Style(original.isascii()).text(value)


class _Style:
    def __init__(
        self,
        is_ascii: bool,
        separators: tuple[str, str] = _SEPARATORS[0],
        indent: int | str | None = None,
        margin: str = "",
    ) -> None:
        self._encode = json.JSONEncoder(
            ensure_ascii=is_ascii, separators=separators, indent=indent, allow_nan=False
        ).encode
        self._margin = margin

    def text(self, value: Json) -> str:
        text = self._encode(value)
        return text.replace("\n", f"\n{self._margin}") if self._margin else text  # no string holds a raw line break


def _styles(original: str, margin: str) -> Iterator[_Style]:
    for is_ascii in (True, False) if original.isascii() else (False,):
        if "\n" in original:
            yield from (_Style(is_ascii, (",", ": "), indent, margin) for indent in _INDENTS)
        else:
            yield from (_Style(is_ascii, separators) for separators in _SEPARATORS)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Unfaithful("a key stands twice in one object")
    return value


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Unfaithful("a number is too large")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number)
