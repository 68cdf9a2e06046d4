"""Writes the YAML of trainers' configs: plain block style, a comment that says why above each value.

Scalars are written as JSON, which YAML reads the same; numbers without an exponent, which YAML 1.1 reads as text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.safe_text import one_line


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, its value, and why."""

    key: str
    value: object
    because: str = ""


def yaml_text(header: Sequence[str], entries: Sequence[Entry]) -> str:
    """The document. header: comment lines at its top."""
    lines = [f"# {one_line(line)}" for line in header]
    for entry in entries:
        if entry.because:
            lines += ["", f"# {one_line(entry.because)}"]
        lines += _pair(entry.key, entry.value, "")
    return "\n".join(lines) + "\n"


def _pair(key: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield f"{indent}{key}:"
        for inner, each in value.items():
            yield from _pair(str(inner), each, indent + "  ")
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield f"{indent}{key}:"
        for item in value:
            lines = [line for inner, each in item.items() for line in _pair(str(inner), each, indent + "    ")]
            yield f"{indent}  - {lines[0].strip()}"
            yield from lines[1:]
    else:
        yield f"{indent}{key}: {_scalar(value)}"


def _scalar(value: object) -> str:
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else f"{text}.0"
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return json.dumps(value, ensure_ascii=False)
