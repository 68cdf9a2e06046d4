"""JSON text to values and back, where either may be faulty.

What is wrong with a whole line is told in `reading/judge_line.py`.
"""

import json
from collections.abc import Callable
from typing import TypeAlias

import msgspec

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


_encoder = msgspec.json.Encoder()
dumped = json.JSONEncoder(ensure_ascii=False).encode
"""JSON text as `json.dumps` writes it, with letters as they are; made once."""


class NotJson(ValueError):
    """A constant that RFC 8259 does not have; its name is the message."""


def _refuse_constant(name: str) -> Json:
    raise NotJson(name)


def _integer(digits: str) -> int:
    """Python refuses integers of over 4,300 digits, which JSON allows; none that long means anything to us.

    The limit is msgspec's, so that the quick readers agree.
    """
    return int(digits) if len(digits) <= 4_300 else 0


def strict_decoder(on_object: Callable[[list[tuple[str, Json]]], Json] | None = None) -> json.JSONDecoder:
    """What reads JSON as RFC 8259 has it. on_object: makes the value of an object of all its fields."""
    return json.JSONDecoder(object_pairs_hook=on_object, parse_constant=_refuse_constant, parse_int=_integer)


STRICT = strict_decoder()


def decoded(text: str | bytes) -> Json:
    """The value of a text; None where it is no JSON."""
    try:
        return msgspec.json.decode(text)  # type: ignore[no-any-return]
    except msgspec.ValidationError:  # a number that it cannot hold, but Python can
        return _decoded_by_python(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _decoded_by_python(text: str | bytes) -> Json:
    try:
        value: Json = STRICT.decode(text if isinstance(text, str) else text.decode())
        dumped(value).encode()  # the quick decoder refuses half a surrogate pair, too
    except (ValueError, RecursionError):
        return None
    return value


def encoded(value: Json) -> str:
    """JSON text of what a row holds; "null" for what holds a lone surrogate, a fault that is told elsewhere."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return "null"
