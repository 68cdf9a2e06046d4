"""The accepted conversations of a block, turned from objects into columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.conversations.flags import Bytes, Flags, Integers
from pipeline.conversations.formats.chat import Chat
from pipeline.conversations.formats.format import Format
from pipeline.conversations.formats.native import NATIVE
from pipeline.conversations.judge import is_deeper
from pipeline.conversations.model import (
    ASSISTANT,
    KNOWN_ROLES,
    NATIVE_LAYOUT,
    FullConversation,
    FullTurn,
    Layout,
    Limits,
)
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

    def columns(self) -> tuple[list[str | None] | list[float | None] | list[bool | None], ...]:
        """All of them."""
        return (
            self.weights,
            self.tool_calls,
            self.parts,
            self.tool_call_ids,
            self.names,
            self.tools,
            self.labels,
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """n conversations with m turns, in file order.

    lines, offsets, turn_counts: n each. turn_starts: n + 1 positions among the turns. roles: m codes into
    role_names, which begins with KNOWN_ROLES. contents: m strings, text_starts their m + 1 byte positions in text.
    word_counts: m. is_supervised: m, whether a turn is learned from. branches: m codes of `Branch`.
    extras: what only some formats have, None where no conversation of the block has any of it. layout: the names of
    the format's fields, for findings; content_paths: m paths, where the layout alone does not tell.
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
    content_paths: Sequence[str] | None = None

    def owner(self, turn: int) -> int:
        """Index of the conversation that a turn belongs to."""
        return int(np.searchsorted(self.turn_starts, turn, side="right")) - 1

    def turn_path(self, turn: int) -> str:
        """JSON path of a turn in its line."""
        return self._path(turn)[0]

    def role_path(self, turn: int) -> str:
        """JSON path of a turn's role; of the turn, where it has none."""
        path, is_message = self._path(turn)
        return path + self.layout.role if is_message else path

    def content_path(self, turn: int) -> str:
        """JSON path of a turn's content."""
        path, is_message = self._path(turn)
        return path + self.layout.content if is_message else path

    def _path(self, turn: int) -> tuple[str, bool]:
        """Path of a turn, and whether it is a message of the layout, not a field of its own."""
        if self.content_paths is None:
            return f"{self.layout.turns}[{turn - int(self.turn_starts[self.owner(turn)])}]", True
        path, suffix = self.content_paths[turn], self.layout.content
        is_message = bool(suffix) and path.endswith(f"]{suffix}")
        return (path.removesuffix(suffix), True) if is_message else (path, False)

    def turn(self, index: int) -> dict[str, str]:
        """Role and content of one turn."""
        text = self.text[self.text_starts[index] : self.text_starts[index + 1]].tobytes().decode()
        return {"role": self.role_names[self.roles[index]], "content": text}


def read_columns(block: Block, limits: Limits, form: Format = NATIVE) -> tuple[Verdicts, Columns]:
    """Verdicts of a block's lines and the columns of the accepted ones.

    Three faults are cheapest to see in the text of the whole block: a content that is no string, a NUL, which can
    only come from an escape, and bytes enough for deep nesting that no text accounts for. Then the block is read
    again, line by line, so that the line is rejected.
    """
    verdicts = judge_block(block, limits, form)
    try:
        columns = gather(verdicts, form)
    except ValueError:
        pass
    else:
        if not (_holds_nul(columns) or _hides_nesting(block, columns, limits)):
            return verdicts, columns
    verdicts = judge_each(block, limits, form)
    return verdicts, gather(verdicts, form)


def gather(verdicts: Verdicts, form: Format = NATIVE) -> Columns:
    """The columns of the accepted conversations.

    Raises:
        ValueError: a content is not a JSON string.
    """
    accepted = verdicts.accepted
    turn_lists = list(map(_turns_of, accepted))
    turns = list(chain.from_iterable(turn_lists))
    turn_counts = np.fromiter(map(len, turn_lists), dtype=np.int64, count=len(accepted))
    codes = _Codes(_aliases(form))
    roles = np.fromiter(map(codes.__getitem__, map(_role_of, turns)), dtype=np.int64, count=len(turns))
    is_full = bool(accepted) and isinstance(accepted[0], FullConversation)
    text, text_starts = _encoded(turns) if is_full else unescape(list(map(_content_of, turns)))
    buffers = [None, pa.py_buffer(text_starts), pa.py_buffer(text)]
    columns = Columns(
        lines=verdicts.lines,
        offsets=verdicts.offsets,
        ids=_identities(verdicts, form),
        turn_counts=turn_counts,
        turn_starts=np.concatenate([[0], np.cumsum(turn_counts)]),
        roles=roles,
        role_names=codes.names,
        contents=pa.Array.from_buffers(pa.large_utf8(), len(turns), buffers),
        text=text,
        text_starts=text_starts,
        word_counts=count_words(text, text_starts),
        is_supervised=roles == ASSISTANT,
        branches=np.zeros(len(turns), dtype=np.int8),
        layout=form.layout,
    )
    return _with_extras(columns, accepted, turns) if is_full else columns  # type: ignore[arg-type]


def _encoded(turns: list[FullTurn]) -> tuple[Bytes, Integers]:
    """UTF-8 of all contents, end to end, and their positions."""
    encoded = [turn.content.encode() for turn in turns]
    starts = np.zeros(len(turns) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(turns)), out=starts[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), starts


def _identities(verdicts: Verdicts, form: Format) -> list[str]:
    """The conversations' ids; a row that has none is named after its line."""
    ids = list(map(_id_of, verdicts.accepted))
    if form is NATIVE or all(ids):
        return ids
    return [identity or f"line-{line}" for identity, line in zip(ids, verdicts.lines.tolist(), strict=True)]


def _with_extras(columns: Columns, conversations: list[FullConversation], turns: list[FullTurn]) -> Columns:
    extras = Extras(
        weights=list(map(attrgetter("weight"), turns)),
        tool_calls=list(map(attrgetter("tool_calls"), turns)),
        parts=list(map(attrgetter("parts"), turns)),
        tool_call_ids=list(map(attrgetter("tool_call_id"), turns)),
        names=list(map(attrgetter("name"), turns)),
        tools=list(map(attrgetter("tools"), conversations)),
        labels=list(map(attrgetter("label"), conversations)),
    )
    has_any = any(column.count(None) < len(column) for column in extras.columns())
    return replace(
        columns,
        is_supervised=np.fromiter(map(attrgetter("is_supervised"), turns), dtype=np.bool_, count=len(turns)),
        branches=np.fromiter(map(attrgetter("branch"), turns), dtype=np.int8, count=len(turns)),
        extras=extras if has_any else None,
        content_paths=list(map(attrgetter("path"), turns)),
    )


def _aliases(form: Format) -> dict[str, str]:
    return dict(form.keys.aliases) if isinstance(form, Chat) else {}


class _Codes(dict[str, int]):
    """Numbers roles in the order they are first seen, the known ones first; an alias has its role's number."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        super().__init__({role: code for code, role in enumerate(KNOWN_ROLES)})
        self.names = list(KNOWN_ROLES)
        self.update({alias: self[role] for alias, role in aliases.items()})

    def __missing__(self, role: str) -> int:
        self[role] = len(self.names)
        self.names.append(role)
        return self[role]


def _holds_nul(columns: Columns) -> bool:
    return (
        bool(columns.text.min(initial=1) == 0)
        or any("\0" in role for role in columns.role_names)
        or any("\0" in identity for identity in columns.ids)
    )


def _hides_nesting(block: Block, columns: Columns, limits: Limits) -> bool:
    """Whether a line nests too deep in a content that an equal key after it replaced: only its bytes show it."""
    index = np.searchsorted(block.offsets_at, columns.offsets)
    text_bytes = np.diff(columns.text_starts[columns.turn_starts])
    turn_bytes = _TURN_BYTES if columns.layout is NATIVE_LAYOUT else 0
    other_bytes = np.diff(block.starts)[index] - text_bytes - turn_bytes * columns.turn_counts
    suspects = index[other_bytes >= 2 * (limits.max_nesting - 2)]  # two brackets a level; a turn is the third level
    starts = block.starts
    return any(is_deeper(block.data[starts[i] : starts[i + 1]].decode(), limits.max_nesting) for i in suspects.tolist())
