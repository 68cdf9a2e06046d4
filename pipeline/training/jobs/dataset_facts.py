"""What planning needs to know of a dataset: a part of its profile, as a value that tests can write down."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.dataset.tokens import Truncation
from pipeline.trainers.acceptance import Effect, load_targets

# What is wrong with the file is no matter to a trainer that gets another file, written from the accepted rows.
_ONLY_OF_THE_FILE = frozenset({"rejected-lines", "byte-order-mark"})


@dataclass(frozen=True, slots=True)
class TargetAcceptance:
    """What one trainer does with the dataset;"""

    verdict: str
    refused_by: tuple[str, ...] = ()
    """Codes of the findings, or rules, that stand in the way."""
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """A validated dataset version."""

    id: str
    name: str
    content_sha256: str
    format: str
    rows: int
    """Accepted conversations."""
    train_rows: int
    validation_rows: int
    tokens: int
    """Of their contents, as the profile estimates them."""
    turns: int = 0
    tokens_per_conversation: Mapping[str, int | None] = field(default_factory=dict)
    """Min, p50, p95, p99, max."""
    truncation: tuple[Truncation, ...] = ()
    """What each limit on tokens does, shortest first."""
    acceptance: Mapping[str, TargetAcceptance] = field(default_factory=dict)
    """By trainer."""
    roles: Mapping[str, int] = field(default_factory=dict)
    """Turns by role."""

    @classmethod
    def of_profile(cls, row: Mapping[str, object], name: str) -> "DatasetFacts":
        """Of a row of the lake's `profiles` (nested values are JSON text); name: of the dataset, for people."""
        rows = _count(row["conversations"])
        truncation = tuple(_json(row["truncation"], []))
        validation_rows = _count(row["validation_conversations"])
        return cls(
            id=str(row["dataset_id"]),
            name=name,
            content_sha256=str(row["content_sha256"]),
            format=str(row["format"]),
            rows=rows,
            train_rows=rows - validation_rows,
            validation_rows=validation_rows,
            tokens=_count(row["tokens"]),
            turns=_count(row["turns"]),
            tokens_per_conversation=_json(row["tokens_per_conversation"], {}),
            truncation=truncation,
            acceptance={each["target"]: _acceptance(each, truncation) for each in _json(row["target_acceptance"], [])},
            roles=_json(row["roles"], {}),
        )


def _count(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _json(value: object, default: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else default


def _acceptance(row: Mapping[str, Any], truncation: Sequence[Truncation]) -> TargetAcceptance:
    refusing = [reason for reason in row["reasons"] if _refuses_a_job(row["target"], reason, truncation)]
    return TargetAcceptance(
        verdict=str(row["verdict"]) if refusing or row["verdict"] != "refused" else "accepted-with-loss",
        refused_by=tuple(reason["rule"] for reason in refusing),
        sentences=tuple(reason["sentence"] for reason in refusing),
    )


def _refuses_a_job(name: str, reason: Mapping[str, Any], truncation: Sequence[Truncation]) -> bool:
    """Whether it holds for the file of a job, too, whose config sets a length and cuts what is longer."""
    if reason["effect"] != Effect.REFUSES or reason["rule"] in _ONLY_OF_THE_FILE:
        return False
    target = next((target for target in load_targets() if target.name == name), None)
    if reason["rule"] != "too-few-conversations" or target is None or target.length is None:
        return True
    if target.length.effect is not Effect.DROPS:
        return True
    dropped = sum(row["rows_cut"] for row in truncation if row["max_length"] == target.length.max_length)
    return int(reason["count"]) + dropped < target.min_conversations
