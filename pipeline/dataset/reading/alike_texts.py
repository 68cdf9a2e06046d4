"""Texts that differ in nothing but their numbers and plain words: a megabyte can be sixty thousand of them.

`shapes_of` finds them. What a format says of all of them at once is found out with values that may not be looked at
(`opaque`): a verdict that is reached without looking is that of each. Where it is not, they are judged one by one.
"""

import re
from typing import Any, NoReturn, TypeVar

import numpy as np
import pyarrow as pa

from pipeline.dataset.findings.faults import NotAsked
from pipeline.dataset.formats.rows.call_rows import CALL_ROLES
from pipeline.dataset.formats.rows.message_lists import ALIASES, TEXT_PARTS
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.json_text import Json

# Words that formats ask for: with one of these kept as it stands, more verdicts are reached.
_TELLING = (*KNOWN_ROLES, *ALIASES, *CALL_ROLES, *TEXT_PARTS)
_Kind = TypeVar("_Kind", str, int, float)
_PLAIN = re.compile(r"\w+", re.ASCII)
_MARK = b"\x01"  # stands in no text that is looked at
_WORD = re.compile(rb'"(?!(?:%b)")\w+"(?=[,\]}])' % "|".join(_TELLING).encode())  # a value, not a field's name
# Behind a string or a number that is kept as it stands: one with an exponent, which may be too large, or of many
# digits, or with a nought that should not be there.
_NUMBER = re.compile(rb'("[^"\n]*"|[0-9.]+[eE][+-]?[0-9]+|(?<![.0-9])0[0-9]*|[0-9]{16,})|[0-9]+')


def shapes_of(texts: list[bytes]) -> Integers:
    """The number of each text's shape: those of one differ only in words and numbers, or are all no JSON.

    -1 for a text with escapes, in which a quote may be no quote. texts: UTF-8, without line breaks.
    """
    shapes = np.full(len(texts), -1, dtype=np.int64)
    plain = [place for place, text in enumerate(texts) if b"\\" not in text and _MARK not in text]
    if plain:
        said = b"\n".join([texts[place] for place in plain])
        said = _NUMBER.sub(rb"\1" + _MARK, _WORD.sub(b'"a"', said))
        column = pa.array(said.split(b"\n"), pa.large_binary()).dictionary_encode()
        shapes[plain] = column.indices.to_numpy()
    return shapes


def opaque(value: Json) -> Json:
    """The same with words and numbers that are only known to be such, and raise `NotAsked` when looked at."""
    if isinstance(value, dict):
        return {key: opaque(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(opaque, value))
    if isinstance(value, str):
        return _Text(value) if _PLAIN.fullmatch(value) and value not in _TELLING else value
    if isinstance(value, bool) or value is None:
        return value
    return _Integer(value) if isinstance(value, int) else _Real(value)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise NotAsked


def _equals(_: object, other: object) -> bool:
    """A word is not empty, and a number no list: of these it is known."""
    if isinstance(other, int | float) or (isinstance(other, str) and other != ""):
        raise NotAsked
    return False


def _differs(value: object, other: object) -> bool:
    return not _equals(value, other)


def _holds(_: object, part: object) -> bool:
    """A word holds no NUL."""
    if part != "\0":
        raise NotAsked
    return False


def _begins_with(_: object, beginnings: str | tuple[str, ...]) -> bool:
    """A word begins with no mark."""
    each = beginnings if isinstance(beginnings, tuple) else (beginnings,)
    if any(not begin or _PLAIN.match(begin) for begin in each):
        raise NotAsked
    return False


def _itself(word: object) -> object:
    """A word has no white space."""
    return word


_ALWAYS = "__hash__ __str__ __repr__ __format__ __lt__ __le__ __gt__ __ge__ __bool__".split()  # of any object


def _closed(kind: type[_Kind], **known: Any) -> type[_Kind]:
    """A type whose values are of the kind, and can be asked for nothing but what is known of all of them."""
    own: set[str] = {name for name in dir(kind) if callable(getattr(kind, name))} - {*dir(object)}
    members = {**dict.fromkeys([*own, *_ALWAYS], _refuse), "__eq__": _equals, "__ne__": _differs, **known}
    return type(f"_{kind.__name__}", (kind,), members)


_Text = _closed(
    str, __bool__=lambda _: True, __contains__=_holds, startswith=_begins_with, strip=_itself, lstrip=_itself
)
_Integer, _Real = _closed(int), _closed(float)
