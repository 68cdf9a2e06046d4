"""Judges one text of a line by as little as tells what is wrong with it, or many small ones at once.

`judge_line` is asked for the rest, and for the words of findings. Which texts a block has, and where, is told in
`each_line.py`.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from pipeline.dataset.findings.faults import LooksWrong, NoFaults
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.model.json_text import Json
from pipeline.dataset.reading.judge_line import codes_of_alike, judge_line, unknown_object
from pipeline.dataset.reading.plain_lines import holds_nul, is_monstrous
from pipeline.dataset.rules.mismatch import Mismatch

BLANK = b" \t\r"  # JSON's white space; anything else on a line is content
BLANK_LINE, MALFORMED, NOT_AN_OBJECT = ("blank-line",), ("malformed-json",), ("not-an-object",)
INVALID_UTF8 = ("invalid-utf8",)
TINY_BYTES = 64  # no more is looked at before the reader of whole rows has
_ESCAPE = b"\\"
_NO_FAULTS = NoFaults()
_BLANK = Mismatch("a JSON object", "a blank line")
_decode_any = msgspec.json.Decoder().decode
_decode_objects = msgspec.json.Decoder(dict[str, Any]).decode_lines


class TextJudge:
    """Says of one line which codes it has, without their words, or what it holds."""

    def __init__(self, limits: Limits, form: Format, *, is_utf8: bool) -> None:
        self._limits = limits
        self._form = form
        self.is_utf8 = is_utf8
        self._short_bytes = min(limits.max_values, limits.max_nesting)  # neither too many values nor too deep
        self.most_bytes = limits.max_line_bytes
        self.glanced_bytes = min(self._short_bytes, limits.max_line_bytes)
        self._tiny_bytes = min(TINY_BYTES, self.glanced_bytes)
        self._unknown, self._by_type = _codes_of_trifles(limits, form)  # type: ignore[arg-type]  # a format is a value
        self.number = self._by_type[int]

    def judge_all(self, texts: list[bytes]) -> Iterator[FullConversation | tuple[str, ...]]:
        """The row of each accepted line, or the codes of another, sorted."""
        if not self._unknown or (values := self._objects(texts)) is None:
            return map(self.judge, texts)
        fields, codes = self._unknown
        pairs = zip(texts, values, strict=True)
        return (codes if value.keys().isdisjoint(fields) else self.judge(text) for text, value in pairs)

    def judge_alike(self, text: bytes) -> tuple[str, ...] | None:
        """The codes of all lines of a shape, of which this is one; None where they do not follow."""
        return codes_of_alike(text, self._form)

    def _objects(self, texts: list[bytes]) -> list[dict[str, Json]] | None:
        """The values of texts that are all small objects, read at once; None where one may be anything else.

        No JSON value has `}` before `{` without a comma, so as many values as texts are a value of each.
        """
        joined = b"\n".join(texts)
        if not texts or not self.is_utf8 or _ESCAPE in joined or max(map(len, texts)) > self._tiny_bytes:
            return None
        if (joined[:1], joined[-1:], joined.count(b"}\n{")) != (b"{", b"}", len(texts) - 1):
            return None
        try:
            values = _decode_objects(joined)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return values if len(values) == len(texts) else None

    def judge(self, text: bytes) -> FullConversation | tuple[str, ...]:
        """The row of an accepted line, or the codes of another, sorted."""
        is_tiny = len(text) <= self._tiny_bytes and _ESCAPE not in text
        if is_tiny and self.is_utf8 and (codes := self._glance(text)):
            return codes
        if len(text) > self._limits.max_line_bytes:  # first, since the reader may have skipped it, whatever it holds
            return ("line-too-long",)
        if not text.strip(BLANK):
            return BLANK_LINE
        if not self.is_utf8:
            try:
                text.decode()
            except UnicodeDecodeError:
                return INVALID_UTF8
        if is_tiny and not self.is_utf8 and (codes := self._glance(text)):
            return codes
        if text[0] in b"{[ \t" and (row := self._row(text)) is not None:
            return row
        return self._rejected(text)

    def findings(self, text: bytes, line: int, offset: int) -> list[Finding]:
        """All errors of a rejected line, with their words, sorted."""
        if len(text) > self._limits.max_line_bytes:
            return [too_long(line, offset, len(text), self._limits)]
        if not text.strip(BLANK):
            return [Finding(line, offset, "blank-line", "$", _BLANK)]
        found = judge_line(text, line, offset, self._limits, self._form)
        return found if isinstance(found, list) else []

    def _row(self, text: bytes) -> FullConversation | None:
        """What an accepted line holds, read quickly; None where the exact judge must see it."""
        if holds_nul(text) or is_monstrous(text, self._limits):
            return None
        try:
            return self._form.read(_decode_any(text), _NO_FAULTS)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LooksWrong):
            return None

    def _rejected(self, text: bytes) -> FullConversation | tuple[str, ...]:
        """The codes of a line that the quick reader refused; the row of one that it refused in vain."""
        if self._tiny_bytes < len(text) <= self._short_bytes and _ESCAPE not in text and (codes := self._glance(text)):
            return codes
        verdict = judge_line(text, 0, 0, self._limits, self._form)
        return tuple(finding.code for finding in verdict) if isinstance(verdict, list) else verdict

    def _glance(self, text: bytes) -> tuple[str, ...] | None:
        """The codes of what is wrong at a glance: no JSON, no object, or one that has no field of ours."""
        try:
            value = _decode_any(text)
        except msgspec.ValidationError:  # a number that it cannot hold, but Python can
            return None
        except msgspec.DecodeError:
            return MALFORMED if text.strip(BLANK) else BLANK_LINE
        if type(value) is list and value and type(value[0]) is dict:  # a message, and the list a row, perhaps
            return None
        if type(value) is not dict:
            return self._by_type.get(type(value))
        if self._unknown and value.keys().isdisjoint(self._unknown[0]):  # what an object has not tells, too
            return self._unknown[1]
        return None


_Codes: TypeAlias = tuple[str, ...] | None


@lru_cache(16)
def _codes_of_trifles(
    limits: Limits, form: Format
) -> tuple[tuple[frozenset[str], tuple[str, ...]] | None, dict[type, _Codes]]:
    """What `unknown_object` says, and by type the codes of what is no object, whatever it is."""
    of_type = {type(_decode_any(text)): _codes(text, limits, form) for text in (b"1", b"1.5", b'"a"', b"true", b"null")}
    of_list = _codes(b"[]", limits, form)
    if of_list == NOT_AN_OBJECT:  # a format whose rows are no lists of messages takes no list, whatever it holds
        of_type[list] = of_list
    return unknown_object(form), of_type


def _codes(text: bytes, limits: Limits, form: Format) -> _Codes:
    verdict = judge_line(text, 0, 0, limits, form)
    return tuple(finding.code for finding in verdict) if isinstance(verdict, list) else None


def too_long(line: int, offset: int, size: int, limits: Limits, row: int = 0) -> Finding:
    """The finding about a line that the reader skipped, or that a block holds."""
    mismatch = Mismatch(f"at most {limits.max_line_bytes:,} bytes", f"{size:,}")
    return Finding(line, offset, "line-too-long", "$", mismatch, row)
