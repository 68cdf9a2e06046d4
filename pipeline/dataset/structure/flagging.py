"""From flags over the turns of a block to findings: what all rules of warnings share.

A rule looks at all conversations of a block at once and yields one finding a line, at its first place: a group, of
which only those findings are made that are listed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from pipeline.dataset.findings.faults import printable
from pipeline.dataset.findings.finding import MAX_NAMED_PLACES, Finding, elsewhere
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.model.conversation import Branch
from pipeline.dataset.reading.columns import Columns

# One for all, or one for each turn or conversation, by its index: made for what is listed alone.
Said: TypeAlias = Mismatch | Callable[[int], Mismatch]
WarningRule: TypeAlias = Callable[[Columns], Iterator[Group]]


def first_places(
    columns: Columns,
    flagged: Flags,
    code: str,
    path: Callable[[int], str],
    mismatch: Said,
) -> Iterator[Group]:
    """One finding for each conversation that has a flagged turn, at its first one.

    flagged: one a turn. path: of a turn, by its index.
    """
    turns = np.flatnonzero(flagged)
    if len(turns) == 0:
        return
    owners = np.searchsorted(columns.turn_starts, turns, side="right") - 1
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    rows = owners[begins]

    def make(row: int) -> Finding:
        begin, end = np.searchsorted(owners, [row, row + 1]).tolist()
        named = turns[begin : min(end, begin + 1 + MAX_NAMED_PLACES)].tolist()
        paths = [path(turn) for turn in named]
        said = elsewhere(_said(mismatch, named[0]), paths[1:], end - begin - 1)
        return _finding(columns, row, code, paths[0], said)

    yield Group(code, rows, make)


def conversations_with(
    columns: Columns, flagged: Flags, code: str, path: Callable[[int], str], mismatch: Said
) -> Iterator[Group]:
    """One finding for each flagged conversation. flagged: one a conversation; path: of its index."""
    rows = np.flatnonzero(flagged)
    if len(rows):
        yield Group(code, rows, lambda row: _finding(columns, row, code, path(row), _said(mismatch, row)))


def _said(mismatch: Said, index: int) -> Mismatch:
    return mismatch if isinstance(mismatch, Mismatch) else mismatch(index)


def _finding(columns: Columns, index: int, code: str, path: str, mismatch: Mismatch) -> Finding:
    """A finding in the row of a conversation. index: of the conversation in the block."""
    line, offset, row = int(columns.lines[index]), int(columns.offsets[index]), int(columns.rows[index])
    return Finding(line, offset, code, path, mismatch, row)


def role_of(columns: Columns, turn: int) -> str:
    """A turn's role, as it may stand in a message."""
    return printable(columns.role_names[columns.roles[turn]])


def borders(columns: Columns) -> Flags:
    """Turns that are not compared with the one before: of another conversation, or of another alternative."""
    is_border = np.zeros(len(columns.roles), dtype=np.bool_)
    is_border[1:] = columns.branches[1:] != columns.branches[:-1]
    is_border[columns.turn_starts[:-1]] = True
    return is_border


def beginnings(columns: Columns) -> Flags:
    """First turns of conversations, and of each alternative where the two share no prompt."""
    begins = np.zeros(len(columns.roles), dtype=np.bool_)
    starts = columns.turn_starts[:-1]
    if columns.branches.any():
        has_prompt = np.repeat(columns.branches[starts] == Branch.NONE, columns.turn_counts)
        begins = borders(columns) & ~has_prompt
    begins[starts] = True
    return begins


def tool_callers(columns: Columns) -> Flags:
    """Turns that call a tool."""
    calls = columns.extras.tool_calls
    return np.zeros(len(columns.roles), dtype=np.bool_) if calls is None else given(calls)


def given(values: Sequence[object]) -> Flags:
    """Which of them are there."""
    return np.fromiter((value is not None for value in values), dtype=np.bool_, count=len(values))


def flags_at(columns: Columns, turns: Collection[int]) -> Flags:
    """Flags over all turns that are set at some."""
    flags = np.zeros(len(columns.roles), dtype=np.bool_)
    flags[np.fromiter(turns, dtype=np.int64, count=len(turns))] = True
    return flags
