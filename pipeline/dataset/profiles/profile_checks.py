"""The checks that a dataset passes or fails, decided from its report alone; Dagster shows them on the asset page."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MIN_CONVERSATIONS = 10  # the least that OpenAI's fine-tuning takes; others take fewer

Report = Mapping[str, object]
Figures = dict[str, int | float]


@dataclass(frozen=True, slots=True)
class Check:
    """A question about a dataset."""

    name: str
    description: str
    is_error: bool
    """Whether a dataset that fails is unfit, or only less good."""
    decide: Callable[[Report], tuple[bool, str]]
    figures: Callable[[Report], Figures]
    """What was counted, by name, as Dagster plots it; what is not known is left out."""


_OF_ROLES = ("roles-not-alternating", "last-turn-not-assistant", "no-assistant-turn", "unknown-role")


def _counted(*names: str) -> Callable[[Report], Figures]:
    return lambda report: {name: _count(report, name) for name in names}


def _count(report: Report, name: str) -> int:
    value = report[name]
    return value if isinstance(value, int) else 0


def _findings(report: Report, code: str) -> int:
    counts = report["finding_counts"]
    if isinstance(counts, str):  # as the lake's profiles hold it
        counts = json.loads(counts)
    return int(counts.get(code, 0)) if isinstance(counts, Mapping) else 0


def _structure(report: Report) -> tuple[bool, str]:
    rejected, lines = _count(report, "rejected_lines"), _count(report, "lines")
    return report["status"] == "ready", f"{rejected:,} of {lines:,} lines rejected"


def _duplicates(report: Report) -> tuple[bool, str]:
    ids, turns = _count(report, "duplicate_conversation_ids"), _count(report, "exact_duplicate_conversations")
    return ids + turns == 0, f"{ids:,} repeated ids, {turns:,} repeated conversations"


def _size(report: Report) -> tuple[bool, str]:
    conversations = _count(report, "conversations")
    return conversations >= MIN_CONVERSATIONS, f"{conversations:,} conversations"


def _role_order(report: Report) -> tuple[bool, str]:
    found = {code: _findings(report, code) for code in _OF_ROLES}
    named = ", ".join(f"{code}: {count:,}" for code, count in found.items() if count)
    return not named, named or "roles take turns and end with the assistant"


CHECKS: tuple[Check, ...] = (
    Check(
        "structure",
        "Enough lines are well-formed for the dataset to be ready.",
        True,
        _structure,
        _counted("rejected_lines", "lines"),
    ),
    Check(
        "duplicates",
        "No conversation and no id occurs twice.",
        False,
        _duplicates,
        _counted("duplicate_conversation_ids", "exact_duplicate_conversations"),
    ),
    Check("size", f"There are at least {MIN_CONVERSATIONS} conversations.", False, _size, _counted("conversations")),
    Check(
        "role_order",
        "Roles are known, take turns, and end with the assistant.",
        False,
        _role_order,
        lambda report: {"findings": sum(_findings(report, code) for code in _OF_ROLES)},
    ),
)
