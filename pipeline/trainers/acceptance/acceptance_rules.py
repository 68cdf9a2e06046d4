"""What a trainer takes, as data: `trainers/<name>/acceptance.toml`, checked when it is read.

What comes of the rules is in `judge_acceptance.py`.
"""

import tomllib
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pipeline.dataset.findings.finding import CATALOGUE
from pipeline.dataset.formats.rows import BY_NAME as FORMATS_BY_NAME
from pipeline.trainers.registry import BY_NAME, JUDGING


class Effect(StrEnum):
    """What a rule does: to the whole file, to a row, to what is learned; a note changes nothing by itself."""

    REFUSES = "refuses"
    DROPS = "drops"
    TRUNCATES = "truncates"
    HARMS = "harms"
    NOTES = "notes"


def _insist_on_formats(*names: str) -> None:
    for name in names:
        if name not in FORMATS_BY_NAME:
            raise ValueError(f"expected one of {', '.join(FORMATS_BY_NAME)}, found {name!r}")


def _insist_on_effect(effect: Effect, *possible: Effect) -> None:
    if effect not in possible:
        raise ValueError(f"effect: expected one of {', '.join(possible)}, found {effect}")


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a file: all keys are known. Not of pydantic, which takes longer to import than a small dataset to read."""


class CodeRule(_Strict, frozen=True):
    """What a finding does."""

    code: str
    effect: Effect
    because: str
    only: tuple[str, ...] = ()
    """The formats it is for, or not for; all by default."""
    unless: tuple[str, ...] = ()
    """The formats it is for, or not for; all by default."""
    as_is: bool = False
    """Only for a file that is not converted first, which would mend it."""

    def __post_init__(self) -> None:
        if self.code not in CATALOGUE:
            raise ValueError(f"expected a code of the findings catalogue, found {self.code}")
        _insist_on_effect(self.effect, Effect.REFUSES, Effect.DROPS, Effect.HARMS, Effect.NOTES)
        _insist_on_formats(*self.only, *self.unless)

    def applies_to(self, form: str) -> bool:
        """Whether the rule is for this format."""
        return (not self.only or form in self.only) and form not in self.unless


class RoleRule(_Strict, frozen=True):
    """What a known role does where it is used at all; a role is no finding."""

    role: Literal["system", "developer", "tool", "function"]
    effect: Effect
    because: str
    as_is: bool = False
    """As for a code."""

    def __post_init__(self) -> None:
        _insist_on_effect(self.effect, Effect.REFUSES, Effect.HARMS, Effect.NOTES)


class FormatRule(_Strict, frozen=True):
    """What a format does: one that no conversion helps is refused, one with conditions is noted."""

    format: str
    effect: Effect
    because: str

    def __post_init__(self) -> None:
        _insist_on_formats(self.format)
        _insist_on_effect(self.effect, Effect.REFUSES, Effect.NOTES)


class WrappingRule(_Strict, frozen=True):
    """How a file's rows may not be wrapped; converted, they are lines of objects."""

    wrapping: Literal[
        "json-array", "json-objects", "json-field", "csv", "parquet", "gzip", "zstd", "zip", "tar", "lists"
    ]
    """An array of all rows, objects over several lines, rows in a field of one object, a table of text, a Parquet file,
    an archive of a text or of files, or lines that are bare lists of messages."""
    because: str


class Length(_Strict, frozen=True):
    """The most tokens of a row, unless the trainer is told otherwise, and what comes of longer ones."""

    max_length: Annotated[int, Meta(gt=0)]
    effect: Effect
    because: str

    def __post_init__(self) -> None:
        _insist_on_effect(self.effect, Effect.DROPS, Effect.TRUNCATES)


class Target(_Strict, frozen=True):
    """A trainer, or a model whose chat template every trainer applies."""

    name: str
    title: str
    version: str
    """Of the facts."""
    as_of: date
    """Of the facts."""
    sources: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Where they were read."""
    reads: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Formats taken as they are; others are converted to `convert_to`."""
    convert_to: str
    rejected_lines: str
    """Why a line without a conversation refuses the file."""
    min_conversations: Annotated[int, Meta(ge=1)] = 1
    max_conversations: int | None = None
    max_bytes: int | None = None
    length: Length | None = None
    codes: tuple[CodeRule, ...] = ()
    roles: tuple[RoleRule, ...] = ()
    formats: tuple[FormatRule, ...] = ()
    wrappings: tuple[WrappingRule, ...] = ()

    def __post_init__(self) -> None:
        _insist_on_formats(*self.reads, self.convert_to)


@cache
def load_targets() -> tuple[Target, ...]:
    """The rules of all trainers that say what they take, hosted ones first."""
    return tuple(parse_target(name, _rules_text(name)) for name in JUDGING)


def _rules_text(name: str) -> str:
    return (files("pipeline.trainers") / BY_NAME[name].folder / "acceptance.toml").read_text("utf-8")


@cache
def dropping_codes() -> frozenset[str]:
    """Codes whose rows some target drops."""
    return frozenset(rule.code for target in load_targets() for rule in target.codes if rule.effect is Effect.DROPS)


def parse_target(name: str, text: str) -> Target:
    """The target that a TOML text describes.

    Raises:
        ValueError: it is not TOML, or a rule is not one of ours.
    """
    return msgspec.convert({"name": name, **tomllib.loads(text)}, Target)
