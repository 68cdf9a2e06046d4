"""JSON from outside: tokens, keys, files of settings. Size, depth and numbers are bounded before it is used.

Python's own reader runs out of stack on nested brackets, takes integers that fit no column and no date, and takes
`NaN`, which is no JSON. The rows of datasets have a reader of their own (`pipeline/dataset/`).
"""

import json
import re
from typing import Any

MAX_DEPTH = 32
LARGEST_INTEGER = 2**63 - 1  # what databases count in
# A string that never ends goes to the end: one look at each byte, whatever the text.
_STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def read_json(text: bytes, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """Parse a text in UTF-8.

    Raises:
        ValueError: it is no JSON, too long, too deep, or has a number beyond 64 bits; says which, and shows no content.
    """
    if len(text) > max_bytes:
        raise ValueError(f"expected at most {max_bytes:,} bytes of JSON, found {len(text):,}")
    if not _is_shallow(text, max_depth):
        raise ValueError(f"expected JSON of at most {max_depth} brackets inside one another, found more")
    try:
        return json.loads(text.decode(), parse_int=_integer, parse_float=_real, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ValueError("expected JSON in UTF-8, found other bytes") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"expected JSON, found something else in line {error.lineno}") from None


def _is_shallow(text: bytes, max_depth: int) -> bool:
    depth = 0
    for found in _STRUCTURE.finditer(text):
        first = found[0][:1]
        if first in b"[{":
            depth += 1
            if depth > max_depth:
                return False
        elif first in b"]}":
            depth -= 1
    return True


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > LARGEST_INTEGER:
        raise ValueError("expected whole numbers of at most 64 bits, found a larger one")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("expected numbers that a computer can hold, found a larger one")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(f"expected JSON, which has no {name}")
