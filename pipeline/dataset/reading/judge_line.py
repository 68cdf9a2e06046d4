"""The rule for one line, exact and slow: what is accepted, and every error of a line that is not.

This is the authority. The engine's fast reader may accept only what this accepts and asks here for all else.
Whole-file matters (blank lines, duplicates, role order) live elsewhere.
"""

import json
import re
from collections.abc import Iterator

import msgspec

from pipeline.dataset.findings.faults import Faults, NotAsked
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.formats.lookalikes.encodings import may_be
from pipeline.dataset.formats.lookalikes.line_causes import LISTS_OF_ROWS, NOT_A_NUMBER, cause_at
from pipeline.dataset.formats.lookalikes.repairs import is_list_of_rows
from pipeline.dataset.formats.rows import recognise_row
from pipeline.dataset.formats.rows.declared import Declared
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.probe import Probe
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.model.json_text import STRICT, Json, NotJson, strict_decoder
from pipeline.dataset.model.printable import printable
from pipeline.dataset.reading.closed_values import closed, is_hidden_name

# Possessive, because a repetition that may step back keeps a note of every step: 1 GB for a string of 10 MB.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?$)', re.DOTALL)
_MALFORMED = re.compile(r"JSON is malformed: (?P<what>.*) \(byte (?P<byte>\d+)\)")
_STRINGS_AND_BRACKETS = re.compile(_STRINGS.pattern + r"|[\[\]{}]", re.DOTALL)
_UNICODE_ESCAPE = rb"\u"
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")


def judge_line(
    text: bytes, line: int, offset: int, limits: Limits, form: Format = NATIVE, row: int = 0
) -> FullConversation | list[Finding]:
    """The conversation of an accepted line, or all errors of a rejected one, sorted.

    text: the line without its `\\n` and, on the first line, without a byte order mark; not blank. form: the format
    that it is read as. row: as a `Finding` has it.
    """
    faults = Faults(line, offset, row)
    value = _parse(text, faults, limits)
    if faults.found:
        return faults.findings()
    shape, conversation = _read(value, line, offset, form, row)
    found = _with_surrogates(text, value, faults, shape)
    return conversation if conversation is not None and not found else found


def _with_surrogates(text: bytes, value: Json, faults: Faults, shape: Faults) -> list[Finding]:
    """All findings of a line that is JSON, sorted. value: what it holds; shape: what its format says."""
    if b"\\" in text:  # else there is no escape
        _check_surrogates(value, faults)
    return sorted([*faults.findings(), *shape.findings()], key=lambda finding: finding.sort_key)


def _read(value: Json, line: int, offset: int, form: Format, row: int = 0) -> tuple[Faults, FullConversation | None]:
    shape = Faults(line, offset, row)
    conversation = form.read(value, shape)
    if shape.found and is_list_of_rows(value):
        shape = Faults(line, offset, row)
        shape.add("not-an-object", "$", "an object", "a list of rows", f"({LISTS_OF_ROWS})")
    elif shape.found and (other := _other_format(value, form)):
        shape = Faults(line, offset, row)
        shape.add("other-format", "$", form.title, other.title)
    return shape, conversation


def unknown_object(form: Format) -> tuple[frozenset[str], tuple[str, ...]] | None:
    """Fields, and the codes of every object without any of them; None where they do not follow from that."""
    probe = Probe()
    try:
        shape, _ = _read(probe, 0, 0, form)
    except NotAsked:
        return None
    return frozenset(probe.asked), tuple(finding.code for finding in shape.findings())


def codes_of_alike(text: bytes, form: Format) -> tuple[str, ...] | None:
    """The codes of all lines of a shape (`line_shapes.py`), of which this is one; None where they do not follow.

    text: UTF-8, and too short to be too full or too deep.
    """
    if not text.strip(b" \t\r"):
        return None
    try:
        value: Json = (_TOLD if _UNICODE_ESCAPE in text else STRICT).decode(text.decode())
        shape, _ = _read(closed(value), 0, 0, form)
    except (json.JSONDecodeError, NotJson):
        return ("malformed-json",)
    except (NotAsked, TypeError, RecursionError):  # msgspec knows no closed values
        return None
    return tuple(finding.code for finding in _with_surrogates(text, value, Faults(0, 0), shape)) or None


def _with_names_told(pairs: list[tuple[str, Json]]) -> Json:
    """An object. Two names may be equal in other lines, where half a character in the first one's value is lost."""
    if sum(is_hidden_name(name) for name, _ in pairs) > 1:
        raise NotAsked
    return dict(pairs)


_TOLD = strict_decoder(_with_names_told)


def _other_format(value: Json, form: Format) -> Format | None:
    """The format that a row is of, if it has nothing of the file's own, and nothing is wrong with it as the other."""
    is_native_at_heart = form is NATIVE and not (isinstance(value, dict) and "conversation_id" not in value)
    if form.fits(value) or is_native_at_heart:
        return None
    other = recognise_row(value)
    if isinstance(other, Declared) and other.by_type and isinstance(form, Declared):
        return None  # its names mean many things: among rows of fields, one is missing or misspelt
    if other is not None:
        faults = Faults(0, 0)
        other.read(value, faults)
    return None if other is None or faults.found else other


def _parse(raw: bytes, faults: Faults, limits: Limits) -> Json:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        column = len(raw[: error.start].decode("utf-8")) + 1
        place = f"at byte {error.start + 1} of the line"
        faults.add("invalid-utf8", "$", "UTF-8", f"byte 0x{raw[error.start]:02x}", _and(place, may_be(raw)), column)
        return None
    if is_too_full(text, limits.max_values):
        faults.add("too-many-values", "$", f"at most {limits.max_values:,} brackets, commas and texts", "more")
        return None
    if is_deeper(text, limits.max_nesting):
        column = _too_deep_column(text, limits.max_nesting)
        faults.add("nesting-too-deep", "$", f"at most {limits.max_nesting} levels", "more", column=column)
        return None
    try:
        value: Json = STRICT.decode(text)
    except json.JSONDecodeError as error:
        found, column = _what_is_malformed(raw)
        faults.add("malformed-json", "$", "one JSON value", found, _and("", cause_at(text, error)), column)
        return None
    except NotJson as constant:
        column = _constant_column(text, str(constant))
        faults.add("malformed-json", "$", "one JSON value", str(constant), _and("", NOT_A_NUMBER), column)
        return None
    return value


def _and(place: str, cause: str) -> str | None:
    """The detail of a fault: its place and its likely cause, where they are told."""
    return " ".join(filter(None, (place, cause and f"({cause})"))) or None


def _what_is_malformed(raw: bytes) -> tuple[str, int]:
    """What a strict reader stumbles over, and the 1-based column in characters.

    Asked of msgspec: Python's own words and columns change with its version.
    """
    try:
        msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        found = _MALFORMED.fullmatch(str(error))
        if found is None:  # it has one other message, for a text that ends too early
            return "the line ends too early", len(raw.decode()) + 1
        before = int(found["byte"]) - (found["what"] == "trailing characters")
        return found["what"], len(raw[:before].decode(errors="ignore")) + 1
    return "something else", 1  # the two readers agree on what is JSON; a property test would tell


def is_too_full(text: str, limit: int) -> bool:
    """Whether more than `limit` texts, and brackets and commas outside them, are there, whether or not it is JSON.

    Asked before anything is made of the line, of which no piece is kept: 10 MB of `[],` once took 500 MB.
    """
    if len(text) <= limit or _marks(text) + text.count('"') <= limit:
        return False
    count = end = 0
    for string in _STRINGS.finditer(text):
        count += 1 + _marks(text[end : string.start()])
        if count > limit:
            return True
        end = string.end()
    return count + _marks(text[end:]) > limit


def _marks(text: str) -> int:
    return sum(map(text.count, "[]{},"))


def is_deeper(text: str, limit: int) -> bool:
    """Whether brackets outside strings nest deeper than `limit`, whether or not the text is JSON."""
    if text.count("[") + text.count("{") <= limit:
        return False
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", _STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > limit:
            return True
    return False


def _too_deep_column(text: str, limit: int) -> int:
    """1-based column of the first bracket that nests deeper than `limit`, which there must be."""
    depth = 0
    for piece in _STRINGS_AND_BRACKETS.finditer(text):
        if piece[0] in "[{":
            depth += 1
            if depth > limit:
                return piece.start() + 1
        elif piece[0] in "]}":
            depth -= 1
    raise ValueError("no bracket is nested so deep")


def _constant_column(text: str, name: str) -> int:
    """1-based column of the constant, ignoring the same letters inside strings."""
    blanked = _STRINGS.sub(lambda match: " " * len(match.group()), text)
    return blanked.find(name) + 1


def _check_surrogates(value: Json, faults: Faults) -> None:
    for path in _lone_surrogates(value, "$"):
        faults.add("lone-surrogate", path, "whole characters", "a lone surrogate escape")


def _lone_surrogates(value: Json, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if not _is_whole(value):
            yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _lone_surrogates(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _is_whole(key):
                yield path
            yield from _lone_surrogates(item, f"{path}.{printable(key)}")


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
