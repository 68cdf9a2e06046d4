"""The quality findings of a block's conversations: rules over texts, over answers and their questions, and loops.

The rules are in `dataset/rules/`; what the whole file tells is in `quality_statistics.py`.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import polars as pl

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group, all_findings_of
from pipeline.dataset.frames.flagging import first_places
from pipeline.dataset.frames.frames import Frames, frames_of
from pipeline.dataset.model.frame_columns import TurnColumns
from pipeline.dataset.quality.repetition import repetition_groups
from pipeline.dataset.quality.turn_rules import scan
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.rules.answer_rules import ANSWER_RULES, AnswerRule
from pipeline.dataset.rules.characters import CHARACTER_RULES
from pipeline.dataset.rules.leftovers import ESCAPE_RULES, LEFTOVER_RULES
from pipeline.dataset.rules.personal import PERSONAL_RULES
from pipeline.dataset.rules.refused_answers import REFUSAL_RULES
from pipeline.dataset.rules.secrets import SECRET_RULES

TEXT_RULES = (
    *REFUSAL_RULES,
    *PERSONAL_RULES,
    *SECRET_RULES,
    *LEFTOVER_RULES,
    *CHARACTER_RULES,
    *ESCAPE_RULES,
)


def quality_groups(frames: Frames) -> list[Group]:
    """All quality findings of a block's conversations, by code."""
    if not len(frames.conversations):
        return []
    columns = frames.columns
    return [*scan(columns, TEXT_RULES), *repetition_groups(columns), *answer_findings(frames)]


def quality_findings(columns: Columns) -> list[Finding]:
    """All quality findings of a block's conversations, in line order."""
    return all_findings_of(quality_groups(frames_of(columns)))


def answer_findings(frames: Frames) -> Iterator[Group]:
    """What the rules over answers find in those that follow a question; they read only what they suspect."""
    if not ANSWER_RULES:
        return
    columns, suspected = frames.columns, frames.turns.select(_suspects(tuple(ANSWER_RULES)))
    for rule, suspects in zip(ANSWER_RULES, suspected.iter_columns(), strict=True):
        answered = np.flatnonzero(suspects.to_numpy())
        questions, answers = (frames.turns["content"].gather(at).to_list() for at in (answered - 1, answered))
        judged = map(rule.judge, questions, answers)
        said = {index: what for index, what in zip(answered.tolist(), judged, strict=True) if what is not None}
        turns = np.array(list(said), dtype=np.int64)
        yield from first_places(columns, turns, rule.kind.code, columns.content_path, said.__getitem__)


@cache
def _suspects(rules: tuple[AnswerRule, ...]) -> list[pl.Expr]:
    """For each rule, which answers to a question it looks at."""
    turn = TurnColumns()
    is_asked = turn.is_supervised & ~turn.is_first & turn.is_of("user").shift(1)
    sizes = turn.size_bytes.shift(1), turn.size_bytes
    return [(is_asked & rule.among(*sizes)).fill_null(False).alias(rule.kind.code) for rule in rules]
