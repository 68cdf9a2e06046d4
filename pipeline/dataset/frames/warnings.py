"""Evaluates rules over the frames of a block, all in one query, and makes findings of what they flag."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import polars as pl

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group, all_findings_of
from pipeline.dataset.frames.flagging import finding_in, first_places
from pipeline.dataset.frames.frames import Frames
from pipeline.dataset.model.frame_columns import ConversationColumns, TurnColumns
from pipeline.dataset.rules.beside_rules import BESIDE_RULES
from pipeline.dataset.rules.call_rules import ARGUMENT_RULES, CALL_ORDER_RULES, CALL_SHAPE_RULES
from pipeline.dataset.rules.content_rules import FIELD_RULES, LEARNING_RULES, WEIGHT_RULES
from pipeline.dataset.rules.conversation_rules import ConversationRule, Rule, Said, TurnRule
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.dataset.rules.pair_rules import PAIR_RULES
from pipeline.dataset.rules.role_rules import ROLE_RULES

WARNING_RULES: tuple[Rule, ...] = (
    *ROLE_RULES,
    *CALL_ORDER_RULES,
    *WEIGHT_RULES,
    *ARGUMENT_RULES,
    *LEARNING_RULES,
    *FIELD_RULES,
    *CALL_SHAPE_RULES,
    *BESIDE_RULES,
    *PAIR_RULES,
)


def warning_groups(frames: Frames, rules: Sequence[Rule] = WARNING_RULES) -> list[Group]:
    """All findings of the rules, by code."""
    if not len(frames.conversations):
        return []
    of_turns = [rule for rule in rules if isinstance(rule, TurnRule) and _may_flag(frames, rule)]
    of_rows = [
        rule for rule in rules if isinstance(rule, ConversationRule) and _has_any(frames.conversations, rule.needs)
    ]
    return [*_of_turns(frames, of_turns), *_of_conversations(frames, of_rows)]


def warnings(frames: Frames) -> list[Finding]:
    """All warnings of a block's conversations, in line order."""
    return all_findings_of(warning_groups(frames))


def _may_flag(frames: Frames, rule: TurnRule) -> bool:
    return _has_any(frames.turns, rule.needs) and (not rule.roles or not frames.roles.isdisjoint(rule.roles))


def _has_any(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    """Whether any of the columns has a value, or none is asked for."""
    return not names or any(frame[name].null_count() < len(frame) for name in names)


@cache
def _flags(rule: Rule) -> pl.Expr:
    """What the rule flags; nothing known is nothing wrong."""
    flags = rule.flags(TurnColumns()) if isinstance(rule, TurnRule) else rule.flags(ConversationColumns())
    return flags.fill_null(False).alias(rule.kind.code)


def _of_turns(frames: Frames, rules: Sequence[TurnRule]) -> Iterator[Group]:
    columns, flagged = frames.columns, frames.turns.select(_flags(rule) for rule in rules)
    paths = {"turn": columns.turn_path, "role": columns.role_path, "content": columns.content_path}
    for rule in rules:
        turns = np.flatnonzero(flagged[rule.kind.code].to_numpy())
        yield from first_places(
            columns, turns, rule.kind.code, paths[rule.place], partial(_said, rule.says, frames.turns)
        )


def _of_conversations(frames: Frames, rules: Sequence[ConversationRule]) -> Iterator[Group]:
    flagged = frames.conversations.select(_flags(rule) for rule in rules)
    for rule in rules:
        rows = np.flatnonzero(flagged[rule.kind.code].to_numpy())
        if len(rows):
            yield Group(rule.kind.code, rows, partial(_in_conversation, frames, rule))


def _in_conversation(frames: Frames, rule: ConversationRule, index: int) -> Finding:
    path = rule.path(_Row(frames.conversations, index), frames.columns.layout)
    return finding_in(frames.columns, index, rule.kind.code, path, _said(rule.says, frames.conversations, index))


def _said(says: Said, frame: pl.DataFrame, index: int) -> Mismatch:
    return says if isinstance(says, Mismatch) else says(_Row(frame, index))


@dataclass(frozen=True, slots=True)
class _Row(Mapping[str, Any]):
    """A row of which a rule asks one value or two: a tenth of the time of all of them."""

    frame: pl.DataFrame
    index: int

    def __getitem__(self, name: str) -> Any:
        return self.frame.item(self.index, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.frame.columns)

    def __len__(self) -> int:
        return len(self.frame.columns)
