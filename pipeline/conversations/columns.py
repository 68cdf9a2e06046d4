"""The accepted conversations of a block, turned from objects into columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.conversations.flags import Flags, Integers
from pipeline.conversations.judge import is_deeper
from pipeline.conversations.model import ASSISTANT, KNOWN_ROLES, NATIVE_LAYOUT, Conversation, Layout, Limits
from pipeline.conversations.reader import Block
from pipeline.conversations.unescape import unescape
from pipeline.conversations.verdicts import Verdicts, judge_block, judge_each
from pipeline.profiles.words import count_words

_TURN_BYTES = len('{"role":"","content":""}')

_turns_of = attrgetter("turns")
_role_of = attrgetter("role")
_content_of = attrgetter("content")
_id_of = attrgetter("conversation_id")


@dataclass(frozen=True, slots=True)
class Extras:
    """What only some formats have, None where it is absent.

    Of m turns: weights; tool_calls and parts as JSON text; tool_call_ids, names. Of n conversations: tools as JSON
    text; labels, whether an answer was liked.
    """

    weights: list[float | None]
    tool_calls: list[str | None]
    parts: list[str | None]
    tool_call_ids: list[str | None]
    names: list[str | None]
    tools: list[str | None]
    labels: list[bool | None]


@dataclass(frozen=True, slots=True)
class Columns:
    """n conversations with m turns, in file order.

    lines, offsets, turn_counts: n each. turn_starts: n + 1 positions among the turns. roles: m codes into
    role_names, which begins with KNOWN_ROLES. contents: m strings, text_starts their m + 1 byte positions in text.
    word_counts: m. is_supervised: m, whether a turn is learned from. branches: m codes of `Branch`.
    extras: what only some formats have, None where no conversation of the block has any of it. layout: the names of
    the format's fields, for findings; turn_paths: m paths, for formats whose turns are fields of their own.
    """

    lines: Integers
    offsets: Integers
    ids: list[str]
    turn_counts: Integers
    turn_starts: Integers
    roles: Integers
    role_names: list[str]
    contents: pa.LargeStringArray
    text: npt.NDArray[np.uint8]
    text_starts: Integers
    word_counts: Integers
    is_supervised: Flags
    branches: npt.NDArray[np.int8]
    extras: "Extras | None" = None
    layout: Layout = NATIVE_LAYOUT
    turn_paths: Sequence[str] | None = None

    def owner(self, turn: int) -> int:
        """Index of the conversation that a turn belongs to."""
        return int(np.searchsorted(self.turn_starts, turn, side="right")) - 1

    def turn_path(self, turn: int) -> str:
        """JSON path of a turn in its line."""
        if self.turn_paths is not None:
            return self.turn_paths[turn]
        return f"{self.layout.turns}[{turn - int(self.turn_starts[self.owner(turn)])}]"

    def role_path(self, turn: int) -> str:
        """JSON path of a turn's role; of the turn, where the format has no roles."""
        return self.turn_path(turn) + ("" if self.turn_paths is not None else self.layout.role)

    def content_path(self, turn: int) -> str:
        """JSON path of a turn's content."""
        return self.turn_path(turn) + ("" if self.turn_paths is not None else self.layout.content)

    def turn(self, index: int) -> dict[str, str]:
        """Role and content of one turn."""
        text = self.text[self.text_starts[index] : self.text_starts[index + 1]].tobytes().decode()
        return {"role": self.role_names[self.roles[index]], "content": text}


def read_columns(block: Block, limits: Limits) -> tuple[Verdicts, Columns]:
    """Verdicts of a block's lines and the columns of the accepted ones.

    Three faults are cheapest to see in the text of the whole block: a content that is no string, a NUL, which can
    only come from an escape, and bytes enough for deep nesting that no text accounts for. Then the block is read
    again, line by line, so that the line is rejected.
    """
    verdicts = judge_block(block, limits)
    try:
        columns = gather(verdicts)
    except ValueError:
        pass
    else:
        if not (_holds_nul(columns) or _hides_nesting(block, columns, limits)):
            return verdicts, columns
    verdicts = judge_each(block, limits)
    return verdicts, gather(verdicts)


def gather(verdicts: Verdicts) -> Columns:
    """The columns of the accepted conversations.

    Raises:
        ValueError: a content is not a JSON string.
    """
    accepted: list[Conversation] = verdicts.accepted
    turn_lists = list(map(_turns_of, accepted))
    turns = list(chain.from_iterable(turn_lists))
    turn_counts = np.fromiter(map(len, turn_lists), dtype=np.int64, count=len(accepted))
    codes = _Codes({role: code for code, role in enumerate(KNOWN_ROLES)})
    roles = np.fromiter(map(codes.__getitem__, map(_role_of, turns)), dtype=np.int64, count=len(turns))
    text, text_starts = unescape(list(map(_content_of, turns)))
    buffers = [None, pa.py_buffer(text_starts), pa.py_buffer(text)]
    return Columns(
        lines=verdicts.lines,
        offsets=verdicts.offsets,
        ids=list(map(_id_of, accepted)),
        turn_counts=turn_counts,
        turn_starts=np.concatenate([[0], np.cumsum(turn_counts)]),
        roles=roles,
        role_names=list(codes),
        contents=pa.Array.from_buffers(pa.large_utf8(), len(turns), buffers),
        text=text,
        text_starts=text_starts,
        word_counts=count_words(text, text_starts),
        is_supervised=roles == ASSISTANT,
        branches=np.zeros(len(turns), dtype=np.int8),
    )


class _Codes(dict[str, int]):
    """Numbers roles in the order they are first seen."""

    def __missing__(self, role: str) -> int:
        self[role] = len(self)
        return self[role]


def _holds_nul(columns: Columns) -> bool:
    return (
        bool((columns.text == 0).any())
        or any("\0" in role for role in columns.role_names)
        or any("\0" in identity for identity in columns.ids)
    )


def _hides_nesting(block: Block, columns: Columns, limits: Limits) -> bool:
    """Whether a line nests too deep in a content that an equal key after it replaced: only its bytes show it."""
    index = columns.lines - block.line
    text_bytes = np.diff(columns.text_starts[columns.turn_starts])
    other_bytes = np.diff(block.starts)[index] - text_bytes - _TURN_BYTES * columns.turn_counts
    suspects = index[other_bytes >= 2 * (limits.max_nesting - 2)]  # two brackets a level; a turn is the third level
    starts = block.starts
    return any(is_deeper(block.data[starts[i] : starts[i + 1]].decode(), limits.max_nesting) for i in suspects.tolist())
