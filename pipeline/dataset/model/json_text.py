"""JSON text to values and back, where either may be faulty.

What is wrong with a whole line is told in `reading/judge_line.py`.
"""

from typing import TypeAlias

import msgspec

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


_encoder = msgspec.json.Encoder()


def decoded(text: str | bytes) -> Json:
    """The value of a text; None where it is no JSON."""
    try:
        value: Json = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return value


def encoded(value: Json) -> str:
    """JSON text of what a row holds; "null" for what holds a lone surrogate, a fault that is told elsewhere."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return "null"
