"""Findings about reasoning: in a field of its own, between marks in an answer, in answers before the last question.

What each trainer makes of them is in `pipeline/trainers/`.
"""

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.model.conversation import ASSISTANT, USER
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.reading.text_marks import CLOSED, OPENED
from pipeline.dataset.structure.flagging import WarningRule, first_places, flags_at, given


def reasoning_apart(columns: Columns) -> Iterator[Group]:
    """Reasoning that stands beside the answer, which only some trainers read."""
    apart = _apart(columns)
    if apart is not None:
        beside = Mismatch("all of an answer in its content", "its reasoning beside it")
        yield from first_places(columns, apart, "reasoning-apart", columns.turn_path, beside)


def reasoning_marks(columns: Columns) -> Iterator[Group]:
    """Marks of reasoning in an answer that are no pair."""
    if not columns.marks.turns:
        return
    opened, closed = (_by_turn(columns, mark) for mark in (OPENED, CLOSED))
    unopened = [turn for turn, places in closed.items() if not opened.get(turn) or places[0] < opened[turn][0]]
    unclosed = [turn for turn, places in opened.items() if not closed.get(turn) or closed[turn][-1] < places[-1]]
    is_answer = columns.roles == ASSISTANT
    alone = Mismatch(f"{OPENED} before {CLOSED}", f"{CLOSED} alone")
    endless = Mismatch(f"{CLOSED} after {OPENED}", f"{OPENED} alone")
    for turns, code, mismatch in (
        (unopened, "reasoning-not-opened", alone),
        (unclosed, "reasoning-not-closed", endless),
    ):
        flagged = flags_at(columns, turns) & is_answer
        yield from first_places(columns, flagged, code, columns.content_path, mismatch)


def reasoning_in_earlier_answers(columns: Columns) -> Iterator[Group]:
    """Reasoning of an answer after which the user says more."""
    if (thinking := thinking_turns(columns)) is None:
        return
    last_user = np.maximum.reduceat(
        np.where(columns.roles == USER, np.arange(len(columns.roles)), -1), columns.turn_starts[:-1]
    )
    earlier = thinking & (np.arange(len(columns.roles)) < np.repeat(last_user, columns.turn_counts))
    dropped = Mismatch("reasoning in what answers the last question only", "some in an earlier answer")
    yield from first_places(columns, earlier, "reasoning-in-earlier-answers", columns.turn_path, dropped)


REASONING: tuple[WarningRule, ...] = (reasoning_apart, reasoning_marks, reasoning_in_earlier_answers)


def thinking_turns(columns: Columns) -> Flags | None:
    """Which turns are answers with reasoning, beside them or between marks; None where none is."""
    apart, marked = _apart(columns), columns.marks.of(OPENED, CLOSED)
    if apart is None and len(marked) == 0:
        return None
    flags = flags_at(columns, marked.tolist())
    thinking: Flags = (flags if apart is None else flags | apart) & (columns.roles == ASSISTANT)
    return thinking if thinking.any() else None


def count_thinking(columns: Columns) -> int:
    """How many conversations have an answer with reasoning."""
    thinking = thinking_turns(columns)
    return 0 if thinking is None else int(np.logical_or.reduceat(thinking, columns.turn_starts[:-1]).sum())


def mixed_reasoning(thinking: int, conversations: int) -> list[Finding]:
    """A note about the file, where some conversations have reasoning and others have none."""
    if not 0 < thinking < conversations:
        return []
    found = f"it in {thinking / conversations:.1%} of the conversations"
    mismatch = Mismatch("reasoning in all conversations, or in none", found, f"({thinking:,} of {conversations:,})")
    return [Finding(1, 0, "mixed-reasoning", "$", mismatch)]


def _apart(columns: Columns) -> Flags | None:
    if columns.extras.reasoning is None:
        return None
    return given(columns.extras.reasoning)


def _by_turn(columns: Columns, mark: str) -> dict[int, list[int]]:
    """The places of a mark in each turn that holds it."""
    empty: Integers = np.empty(0, dtype=np.int64)
    found: dict[int, list[int]] = {}
    turns, places = columns.marks.turns.get(mark, empty), columns.marks.places.get(mark, empty)
    for turn, place in zip(turns.tolist(), places.tolist(), strict=True):
        found.setdefault(turn, []).append(place)
    return found
