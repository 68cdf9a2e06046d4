"""What a rule over texts is, and how all of them run over a block at the price of about one.

One expression of all suspects (RE2, linear in the text) picks the few turns that any rule wants to see; only those
become Python strings. A rule sees one turn at a time, so nothing depends on where blocks begin.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import first_places, flags_at


class Place(NamedTuple):
    """Where something was found in a text, in characters from 0, and what, never quoting the text."""

    position: int
    what: str


@dataclass(frozen=True, slots=True)
class TextRule:
    """A fault that shows in the text of a single turn.

    expected: continues the sentence "expected …". suspect: RE2 expression that matches every text in which `locate`
    finds something, and few others. is_for_answers: looks only at turns that are learned from.
    """

    code: str
    expected: str
    suspect: str
    locate: Callable[[str], Place | None]
    is_for_answers: bool = False


def scan(columns: Columns, rules: Sequence[TextRule]) -> Iterator[Group]:
    """The findings of all rules, one a line and code."""
    import pyarrow.compute as pc  # 25 ms that the bare structure need not wait for

    any_suspect = "|".join(f"(?:{rule.suspect})" for rule in rules)
    turns = np.flatnonzero(pc.match_substring_regex(columns.contents, any_suspect))
    contents = columns.contents.take(turns)
    for rule in rules:
        suspects = turns[pc.match_substring_regex(contents, rule.suspect).to_numpy(zero_copy_only=False)]
        if rule.is_for_answers:
            suspects = suspects[columns.is_supervised[suspects]]
        places = {turn: place for turn in suspects.tolist() if (place := rule.locate(columns.contents[turn].as_py()))}
        if places:
            yield from _at(columns, rule, places)


def _at(columns: Columns, rule: TextRule, places: dict[int, Place]) -> Iterator[Group]:
    flagged = flags_at(columns, places)

    def mismatch(turn: int) -> Mismatch:
        position, what = places[turn]
        return Mismatch(rule.expected, what, f"at character {position + 1:,}")

    yield from first_places(columns, flagged, rule.code, columns.content_path, mismatch)
