"""The findings of a block's conversations: every rule that speaks of one line.

To add a rule over an answer, write a function into `findings/answer_rules.py`, and nothing else. A rule that is quick
to suspect, or looks at more, is a `TextRule` or a function from columns to findings in its family's module, with its
code in the catalogue.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.dataset.findings.answer_rules import ANSWER_RULES
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group, all_findings_of
from pipeline.dataset.model.conversation import USER
from pipeline.dataset.quality.characters import CHARACTERS
from pipeline.dataset.quality.leftovers import LEFTOVERS
from pipeline.dataset.quality.personal import PERSONAL_DATA
from pipeline.dataset.quality.refused_answers import REFUSALS
from pipeline.dataset.quality.repetition import degenerate_repetition
from pipeline.dataset.quality.secrets import SECRETS
from pipeline.dataset.quality.turn_rules import scan
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import first_places, flags_at

TEXT_RULES = (*REFUSALS, *PERSONAL_DATA, *SECRETS, *LEFTOVERS, *CHARACTERS)


def quality_groups(columns: Columns) -> list[Group]:
    """All quality findings of a block's conversations, by code."""
    if not columns.ids:
        return []
    return [*scan(columns, TEXT_RULES), *degenerate_repetition(columns), *answer_findings(columns)]


def quality_findings(columns: Columns) -> list[Finding]:
    """All quality findings of a block's conversations, in line order."""
    return all_findings_of(quality_groups(columns))


def answer_findings(columns: Columns) -> Iterator[Group]:
    """What the rules over answers find in those that follow a question."""
    asked = np.zeros(len(columns.roles), dtype=np.bool_)
    asked[1:] = columns.is_supervised[1:] & (columns.roles[:-1] == USER)
    asked[columns.turn_starts[:-1]] = False
    turns = np.flatnonzero(asked)
    sizes = np.diff(columns.text_starts)
    for rule in ANSWER_RULES:
        suspects = turns[rule.among(sizes[turns - 1], sizes[turns])]
        questions, answers = (columns.contents.take(pa.array(at)).to_pylist() for at in (suspects - 1, suspects))
        judged = map(rule.judge, questions, answers)
        said = {turn: what for turn, what in zip(suspects.tolist(), judged, strict=True) if what is not None}
        flagged = flags_at(columns, said)
        yield from first_places(columns, flagged, rule.kind.code, columns.content_path, said.__getitem__)
