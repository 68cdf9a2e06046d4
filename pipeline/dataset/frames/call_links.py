"""Which result answers which call, by their ids: results of no call, calls answered twice or not all, ids used again.

A conversation is followed turn by turn; of a preference, the prompt with each of its two alternatives.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from pipeline.dataset.model.conversation import TOOL_RESULTS, Branch
from pipeline.dataset.reading.columns import Columns

_FUNCTION = TOOL_RESULTS[1]  # its results have no ids
_UNKNOWN = "tool-result-of-unknown-call"
Calls = Sequence[Sequence[object] | None]  # by turn


def link_faults(columns: Columns, calls: Calls) -> dict[int, set[str]]:
    """By turn, what is wrong in how results and calls belong together; turns without a fault are left out."""
    faults: dict[int, set[str]] = {}
    own = columns.extras.tool_call_ids or [None] * len(columns.roles)
    results = [None if role == _FUNCTION else each for role, each in zip(columns.roles.tolist(), own, strict=True)]
    linked = [turn for turn, each in enumerate(calls) if each or results[turn] is not None]
    for owner in np.unique(np.searchsorted(columns.turn_starts, linked, side="right") - 1).tolist():
        for turns in _threads(columns, owner):
            for turn, fault in _Thread(columns, calls, results).faults_of(turns):
                faults.setdefault(turn, set()).add(fault)
    return faults


def _threads(columns: Columns, owner: int) -> Iterator[Sequence[int]]:
    """The turns of a conversation in their order, of a preference once for each alternative."""
    turns = range(int(columns.turn_starts[owner]), int(columns.turn_starts[owner + 1]))
    branches = columns.branches[turns.start : turns.stop]
    if not branches.any():
        yield turns
        return
    for other in (Branch.REJECTED, Branch.CHOSEN):
        yield [turn for turn, branch in zip(turns, branches, strict=True) if branch != other]


class _Thread:
    """What was called and answered so far. results: the tool_call_id of each turn, or None."""

    def __init__(self, columns: Columns, calls: Calls, results: Sequence[str | None]) -> None:
        self._roles, self._calls, self._results = columns.roles, calls, results
        self._open: dict[str, int] = {}  # by id, how many calls are not answered yet
        self._has_nameless = False  # whether a call has no id, so that a result may be that of any

    def faults_of(self, turns: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Turns with their faults."""
        for turn, answers in self._with_results(turns):
            if self._called(turn):
                yield turn, "tool-call-id-repeated"
            wrong = [(each, fault) for each in answers if (fault := self._answered(each))]
            yield from wrong
            is_told = any(fault == _UNKNOWN for _, fault in wrong) or any(
                self._results[each] is None for each in answers
            )
            if answers and not is_told and self._is_open(turn):
                yield turn, "tool-call-partly-answered"

    def _with_results(self, turns: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
        """Each turn that is no result, with the results that follow it. Results before the first are left out."""
        starts = [place for place, turn in enumerate(turns) if self._roles[turn] not in TOOL_RESULTS]
        for start, end in pairwise([*starts, len(turns)]):
            yield turns[start], turns[start + 1 : end]

    def _called(self, turn: int) -> bool:
        """Take the calls of a turn; whether one has the id of another."""
        is_repeated = False
        for own in _ids_of(self._calls[turn]):
            if own is None:
                self._has_nameless = True
                continue
            is_repeated = is_repeated or own in self._open
            self._open[own] = self._open.get(own, 0) + 1
        return is_repeated

    def _answered(self, turn: int) -> str:
        """Take a result; what is wrong with it, or "" for nothing, and for what cannot be known."""
        own = self._results[turn]
        if own is None or not self._open:
            return ""  # before any call, another rule says so
        if self._open.get(own):
            self._open[own] -= 1
            return ""
        if own in self._open:
            return "tool-call-answered-twice"
        return "" if self._has_nameless else _UNKNOWN

    def _is_open(self, turn: int) -> bool:
        """Whether a call of the turn has an id and no result."""
        return any(self._open.get(own or "") for own in _ids_of(self._calls[turn]))


def _ids_of(calls: Iterable[object] | None) -> list[str | None]:
    owns = [call.get("id") if isinstance(call, Mapping) else None for call in calls or ()]
    return [own if isinstance(own, str) else None for own in owns]
