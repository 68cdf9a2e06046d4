"""The rule for one line, exact and slow: what is accepted, and every error of a line that is not.

This is the authority. The engine's fast reader may accept only what this accepts and asks here for all else.
Whole-file matters (blank lines, duplicates, role order) live elsewhere.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from pipeline.conversations.findings import MAX_NAMED_PLACES, Finding, and_elsewhere
from pipeline.conversations.model import Conversation, Limits, Turn

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_TYPE_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
# Possessive, because a repetition that may step back keeps a note of every step: 1 GB for a string of 10 MB.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?$)', re.DOTALL)
_MALFORMED = re.compile(r"JSON is malformed: (?P<what>.*) \(byte (?P<byte>\d+)\)")
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")


def judge_line(text: bytes, line: int, offset: int, limits: Limits) -> Conversation | list[Finding]:
    """The conversation of an accepted line, or all errors of a rejected one, sorted.

    text: the line without its `\\n` and, on the first line, without a byte order mark; not blank.
    """
    faults = _Faults(line, offset)
    value = _parse(text, faults, limits)
    if not faults.found:
        _check_surrogates(value, faults)
        _check_shape(value, faults)
    if faults.found:
        return faults.findings()
    return _conversation(value)


def _conversation(value: Json) -> Conversation:
    """The model of a value whose shape has been checked."""
    assert isinstance(value, dict)  # noqa: S101
    identity, listed = value["conversation_id"], value["turns"]
    assert isinstance(identity, str) and isinstance(listed, list)  # noqa: S101, PT018
    turns = []
    for turn in listed:
        assert isinstance(turn, dict) and isinstance(turn["role"], str)  # noqa: S101, PT018
        turns.append(Turn(role=turn["role"], content=msgspec.Raw(msgspec.json.encode(turn["content"]))))
    return Conversation(conversation_id=identity, turns=turns)


class _Faults:
    """Collects faults of one line: the first place of each code, and the further ones by path."""

    def __init__(self, line: int, offset: int) -> None:
        self._line = line
        self._offset = offset
        self.found: dict[str, tuple[str, str]] = {}
        self._further: dict[str, list[str]] = {}
        self._further_count: Counter[str] = Counter()

    def add(self, code: str, path: str, detail: str) -> None:
        if code not in self.found:
            self.found[code] = (path, detail)
            return
        self._further_count[code] += 1
        if self._further_count[code] <= MAX_NAMED_PLACES:
            self._further.setdefault(code, []).append(path)

    def findings(self) -> list[Finding]:
        findings = []
        for code, (path, detail) in self.found.items():
            text = and_elsewhere(detail, self._further.get(code, []), self._further_count[code])
            findings.append(Finding(self._line, self._offset, code, path, text))
        return sorted(findings, key=lambda finding: finding.sort_key)


class _NotJson(ValueError):
    """A constant that RFC 8259 does not have."""


def _refuse_constant(name: str) -> Json:
    raise _NotJson(name)


# Numbers are checked for their grammar only: their value is never used, and Python refuses integers of over
# 4,300 digits, which JSON allows.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=lambda _: 0, parse_float=lambda _: 0.0)


def _parse(raw: bytes, faults: _Faults, limits: Limits) -> Json:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = raw[error.start]
        found = f"byte 0x{byte:02x} at byte {error.start + 1} of the line"
        faults.add("invalid-utf8", "$", f"expected UTF-8, found {found}")
        return None
    if is_deeper(text, limits.max_nesting):
        faults.add("nesting-too-deep", "$", f"expected at most {limits.max_nesting} levels, found more")
        return None
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError:
        faults.add("malformed-json", "$", f"expected one JSON value, found {_what_is_malformed(raw)}")
        return None
    except _NotJson as constant:
        column = _constant_column(text, str(constant))
        faults.add("malformed-json", "$", f"expected one JSON value, found {constant} at column {column}")
        return None
    return value


def _what_is_malformed(raw: bytes) -> str:
    """What a strict reader stumbles over, and the 1-based column in characters.

    Asked of msgspec: Python's own words and columns change with its version.
    """
    try:
        msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        found = _MALFORMED.fullmatch(str(error))
        if found is None:  # it has one other message, for a text that ends too early
            return f"a fault at column {len(raw.decode()) + 1}: the line ends too early"
        before = int(found["byte"]) - (found["what"] == "trailing characters")
        return f"a fault at column {len(raw[:before].decode(errors='ignore')) + 1}: {found['what']}"
    return "a fault at column 1"  # the two readers agree on what is JSON; a property test would tell


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


def _constant_column(text: str, name: str) -> int:
    """1-based column of the constant, ignoring the same letters inside strings."""
    blanked = _STRINGS.sub(lambda match: " " * len(match.group()), text)
    return blanked.find(name) + 1


def _check_surrogates(value: Json, faults: _Faults) -> None:
    for path in _lone_surrogates(value, "$"):
        faults.add("lone-surrogate", path, "expected whole characters, found a lone surrogate escape")


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


def printable(text: str, at_most: int = 40) -> str:
    """Text of a dataset as it may stand in a message: one line, no control characters, cut."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:at_most])
    return shown + ("…" if len(text) > at_most else "")


def _check_shape(value: Json, faults: _Faults) -> None:
    if not isinstance(value, dict):
        faults.add("not-an-object", "$", f"expected an object, found {_name(value)}")
        return
    identity = _field(value, "conversation_id", str, "$", faults)
    if identity == "":
        faults.add("empty-conversation-id", "$.conversation_id", "expected at least one character, found none")
    _check_nul(identity, "$.conversation_id", faults)
    turns = _field(value, "turns", list, "$", faults)
    if turns == []:
        faults.add("empty-turns", "$.turns", "expected at least one turn, found none")
    for index, turn in enumerate(turns if isinstance(turns, list) else []):
        path = f"$.turns[{index}]"
        if not isinstance(turn, dict):
            faults.add("turn-not-an-object", path, f"expected an object, found {_name(turn)}")
            continue
        for name in ("role", "content"):
            _check_nul(_field(turn, name, str, path, faults), f"{path}.{name}", faults)


def _field(owner: dict[str, Json], name: str, kind: type, path: str, faults: _Faults) -> Json:
    """The field's value when it is there with the right type, else None and a fault."""
    if name not in owner:
        faults.add("missing-field", f"{path}.{name}", f"expected the field {name}, found {_keys(owner)}")
        return None
    value = owner[name]
    if not isinstance(value, kind):
        faults.add("wrong-type", f"{path}.{name}", f"expected {_TYPE_NAMES[kind]}, found {_name(value)}")
        return None
    return value


def _check_nul(value: Json, path: str, faults: _Faults) -> None:
    if isinstance(value, str) and "\0" in value:
        faults.add("nul-character", path, f"expected text, found NUL at character {value.index(chr(0)) + 1}")


def _keys(owner: dict[str, Json]) -> str:
    if not owner:
        return "no fields"
    named = ", ".join(printable(key) for key in list(owner)[:5])
    return f"{'field' if len(owner) == 1 else 'fields'} {named}{', …' if len(owner) > 5 else ''}"


def _name(value: Json) -> str:
    return _TYPE_NAMES.get(type(value), "a number")
