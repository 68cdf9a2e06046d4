"""Texts, numbers and names that are only known to be such, and raise `NotAsked` when anything else is asked of them.

A verdict that is reached without looking at them is that of all rows that differ in nothing else (`line_shapes.py`).
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from itertools import chain
from typing import Any, NoReturn, TypeVar

from pipeline.dataset.findings.faults import Faults, NotAsked
from pipeline.dataset.formats.rows import FORMATS, known_names
from pipeline.dataset.formats.rows.call_rows import CALL_ROLES
from pipeline.dataset.formats.rows.chat import Chat
from pipeline.dataset.formats.rows.declaration import DECLARED
from pipeline.dataset.formats.rows.message_lists import ALIASES, EXTRA_FIELDS, TEXT_PARTS, USUAL_TAGS
from pipeline.dataset.formats.rows.probe import Probe
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.json_text import Json

# Words that formats ask for: where one of these stays as it is, more verdicts are reached.
_KNOWN_BY = {role for form in DECLARED if isinstance(form, Chat) for role in form.known_by}
TELLING = (*KNOWN_ROLES, *ALIASES, *USUAL_TAGS, *CALL_ROLES, *TEXT_PARTS, *_KNOWN_BY)
_PLAIN = re.compile(r"\w+", re.ASCII)
_Kind = TypeVar("_Kind", str, int, float)


def closed(value: Json) -> Json:
    """The same with texts and numbers that are only known to be such, and raise `NotAsked` when looked at."""
    if isinstance(value, dict):
        fields = {name: closed(item) for name, item in value.items() if not is_hidden_name(name)}
        return fields if len(fields) == len(value) else _Object(fields)
    if isinstance(value, list):
        return list(map(closed, value))
    if isinstance(value, str):
        return _closed_text(value)
    if isinstance(value, bool) or value is None:
        return value
    return _Integer(value) if isinstance(value, int) else _Real(value)


@cache
def telling_names() -> frozenset[str]:
    """Names of fields that formats ask for: where one of these stays as it is, more verdicts are reached."""
    names = {*chain(*known_names()), *EXTRA_FIELDS, "type", "text", "value", "refusal", "function", "arguments"}
    for form in FORMATS:
        probe = Probe()
        with suppress(NotAsked):
            form.read(probe, Faults(0, 0))
        names |= probe.asked
    return frozenset(names)


def is_hidden_name(name: str) -> bool:
    """Whether formats do not ask for a field of this name."""
    return bool(name) and name not in telling_names()


def _closed_text(text: str) -> str:
    if not text or text in TELLING:
        return text
    if "\0" in text:
        return _Nulled(text)
    return _Word(text) if _PLAIN.fullmatch(text) else _Marked(text)


def _is_hidden_word(text: str) -> bool:
    """Whether it is a plain word that formats do not ask for."""
    return _PLAIN.fullmatch(text) is not None and text not in TELLING


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise NotAsked


def _equals(_: object, other: object) -> bool:
    """A word is no telling one, nor a text with marks, and a number no list: of these it is known."""
    if isinstance(other, int | float) or (isinstance(other, str) and _is_hidden_word(other)):
        raise NotAsked
    return False


def _marked_equals(_: object, other: object) -> bool:
    """A text with marks is no word, and none that formats ask for."""
    is_known = other is None or isinstance(other, list | dict)
    if not is_known and not (isinstance(other, str) and (_PLAIN.fullmatch(other) or not other or other in TELLING)):
        raise NotAsked
    return False


def _differs(value: object, other: object) -> bool:
    is_equal = value == other
    return not is_equal


def _holds(_: object, part: object) -> bool:
    """No text holds a NUL."""
    if part != "\0":
        raise NotAsked
    return False


def _holds_nul(_: object, part: object) -> bool:
    """This one does."""
    return not _holds(_, part)


def _nul_at(_: object, part: object) -> int:
    """Somewhere, and no code depends on it."""
    return int(_holds(_, part))


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


_Word = _closed(
    str, __bool__=lambda _: True, __contains__=_holds, startswith=_begins_with, strip=_itself, lstrip=_itself
)
_Marked = _closed(str, __bool__=lambda _: True, __contains__=_holds, __eq__=_marked_equals)
_Nulled = _closed(str, __bool__=lambda _: True, __contains__=_holds_nul, index=_nul_at, __eq__=_marked_equals)
_Integer, _Real = _closed(int), _closed(float)


class _Names:
    """The names of an object's fields, as far as they can be asked for."""

    def __init__(self, owner: "_Object") -> None:
        self._owner = owner

    def __contains__(self, name: str) -> bool:
        return name in self._owner

    def isdisjoint(self, names: Iterable[str]) -> bool:
        """Whether none of these is there."""
        return not any(name in self._owner for name in names)

    def __rand__(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset(name for name in names if name in self._owner)

    __iter__ = __len__ = __bool__ = __eq__ = _refuse
    __hash__ = None  # type: ignore[assignment]  # as names of other objects


class _Object(dict[str, Json]):
    """An object with fields that are left out: of their names it is known that no format asks for them."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(_asked(name))

    def __getitem__(self, name: str) -> Json:
        return super().__getitem__(_asked(name))

    def get(self, name: str, default: Any = None) -> Any:
        """The field, where it is one that formats ask for."""
        return super().get(_asked(name), default)

    def keys(self) -> Any:
        """Names that can only be asked for."""
        return _Names(self)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dict) and other:
            raise NotAsked
        return False

    __ne__ = _differs
    __iter__ = __len__ = __or__ = __ror__ = __str__ = __repr__ = __reversed__ = _refuse
    items = values = copy = pop = popitem = setdefault = update = _refuse
    __hash__ = None


def _asked(name: Any) -> str:
    if is_hidden_name(name):
        raise NotAsked
    return str(name)
