"""The text format of Prometheus, version 0.0.4: families of samples, each with its help and its type.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Family:
    """One measure. Its name ends in its unit, and in `_total` where it only grows."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    meaning: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a family."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""
    """`_bucket`, `_sum` and `_count` of a histogram."""


def exposition(measured: Iterable[tuple[Family, Iterable[Sample]]]) -> str:
    """Return the text; a family without a sample is left out."""
    lines: list[str] = []
    for family, samples in measured:
        told = [f"{family.name}{each.suffix}{_labels(each.labels)} {_number(each.value)}" for each in samples]
        if told:
            lines += [f"# HELP {family.name} {_escaped(family.meaning)}", f"# TYPE {family.name} {family.kind}", *told]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    listed = ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())
    return f"{{{listed}}}" if listed else ""


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
