"""The accepted conversations of a block, turned from objects into columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.dataset.formats.blocks_of_lines import Block
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.model.bit_flags import Flags, Integers, Reals
from pipeline.dataset.model.conversation import NATIVE_LAYOUT, FullConversation, FullTurn, Layout, Limits
from pipeline.dataset.model.words import count_words
from pipeline.dataset.model.xxh3 import Hashes, hash_texts
from pipeline.dataset.reading.block_verdicts import Verdicts, judge_block, judge_each
from pipeline.dataset.reading.gathering import full_turns, plain_turns
from pipeline.dataset.reading.judge_line import is_deeper
from pipeline.dataset.reading.large_numbers import LargeNumbers, large_numbers
from pipeline.dataset.reading.part_places import in_parts
from pipeline.dataset.reading.repeated_keys import RepeatedKey, repeated_keys
from pipeline.dataset.reading.text_marks import NO_MARKS, TextMarks, find_marks

T = TypeVar("T", bound=np.generic)
_TURN_BYTES = len('{"role":"","content":""}')


@dataclass(frozen=True, slots=True)
class Extras:
    """What only some formats have, None where a turn or conversation has none.

    Of m turns: weights, NaN for none; tool_calls and parts as JSON text; tool_call_ids, names, reasoning, tags;
    turn_annotations as JSON text. Of n conversations: tools, media and conversation_annotations as JSON text; labels,
    whether an answer was liked. A whole column is None where nothing of the block has any.
    """

    weights: Reals | None = None
    tool_calls: list[str | None] | None = None
    parts: list[str | None] | None = None
    tool_call_ids: list[str | None] | None = None
    names: list[str | None] | None = None
    reasoning: list[str | None] | None = None
    tags: list[str | None] | None = None
    tools: list[str | None] | None = None
    labels: list[bool | None] | None = None
    media: list[str | None] | None = None
    turn_annotations: list[str | None] | None = None
    conversation_annotations: list[str | None] | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """n conversations with m turns, in file order."""

    rows: Integers
    """n places among all rows of the file, from 1, ascending: what tells conversations apart, as several of an array
    may begin on one line."""
    lines: Integers
    """n each."""
    offsets: Integers
    """n each."""
    ids: pa.StringArray
    """n each."""
    text_hashes: Hashes
    """N, XXH3 of each one's contents, end to end."""
    turn_counts: Integers
    """n each."""
    turn_starts: Integers
    """n + 1 positions among the turns."""
    roles: Integers
    """m codes into role_names, which begins with KNOWN_ROLES."""
    role_names: list[str]
    contents: pa.LargeStringArray
    """m strings, text_starts their m + 1 byte positions in text."""
    text: npt.NDArray[np.uint8]
    text_starts: Integers
    word_counts: Integers
    """M."""
    is_supervised: Flags
    """M, whether a turn is learned from."""
    branches: npt.NDArray[np.int8]
    """m codes of `Branch`."""
    extras: Extras = Extras()
    """What only some formats have."""
    layout: Layout = NATIVE_LAYOUT
    """The names of the format's fields, for findings."""
    content_paths: Sequence[str] | None = None
    """m paths, where the layout alone does not tell."""
    marks: TextMarks = NO_MARKS
    """Of reasoning and media in the texts."""
    repeated: Mapping[int, RepeatedKey] = field(default_factory=dict)
    """Fields that a row names twice, by the conversation's number."""
    large: Mapping[int, LargeNumbers] = field(default_factory=dict)
    """Its numbers that 64 bits do not hold."""
    again: "Again | None" = None
    """Where its rows are few that come again and again: what is known of these is known of all."""

    def of_rows(self, look: "Callable[[Columns], npt.NDArray[T]]") -> "npt.NDArray[T]":
        """What a look says of each conversation: at the different ones alone, where they come again and again.

        look: at what they say, not at their places.
        """
        return look(self) if self.again is None else look(self.again.different)[self.again.rows]

    def owner(self, turn: int) -> int:
        """Index of the conversation that a turn belongs to."""
        return int(self.turn_starts.searchsorted(turn, side="right")) - 1

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


@dataclass(frozen=True, slots=True)
class Again:
    """Rows that come again and again (`rows_again.py`)."""

    different: Columns
    """They, in the order in which they first come."""
    rows: Integers
    """N, which of them each conversation is."""
    turns: Integers
    """M, which of their turns each turn is."""

    @property
    def row_counts(self) -> Integers:
        """How often each of the different ones comes."""
        return np.bincount(self.rows, minlength=len(self.different.rows))

    @property
    def turn_counts(self) -> Integers:
        """The same of each of their turns."""
        return np.repeat(self.row_counts, self.different.turn_counts)


def read_columns(
    block: Block, limits: Limits, form: Format = NATIVE, others: tuple[str, ...] = ()
) -> tuple[Verdicts, Columns]:
    """Verdicts of a block's lines and the columns of the accepted ones.

    others: fields of a row beside those that the format reads.

    Three faults are cheapest to see in the text of the whole block: a content that is no string, a NUL, which can
    only come from an escape, and bytes enough for deep nesting that no text accounts for. Then the block is read
    again, line by line, so that the line is rejected.
    """
    verdicts, columns = _read_columns(block, limits, form)
    columns = _with_oddities(block, verdicts, columns, form, others)
    return replace(verdicts, groups=in_parts(verdicts.groups, block, form.layout)), columns


def _read_columns(block: Block, limits: Limits, form: Format) -> tuple[Verdicts, Columns]:
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


def _with_oddities(
    block: Block, verdicts: Verdicts, columns: Columns, form: Format, others: tuple[str, ...]
) -> Columns:
    if block.skipped_bytes or not len(columns.ids):
        return columns
    indexes = columns.rows - block.first_row
    is_plain = verdicts.shape is not None
    found = repeated_keys(block, form, indexes, columns.turn_counts, others, is_plain=is_plain)
    large = large_numbers(block, indexes)
    return replace(columns, repeated=found, large=large) if found or large else columns


def gather(verdicts: Verdicts, form: Format = NATIVE) -> Columns:
    """The columns of the accepted conversations.

    Raises:
        ValueError: a content is not a JSON string, or a weight is no weight.
    """
    if verdicts.shape is None:
        turns, each = full_turns(verdicts.accepted)
        extras = _extras(turns.weights, verdicts.accepted, each)
    else:
        turns = plain_turns(verdicts.accepted, verdicts.shape)
        labels = list(map(attrgetter("label"), verdicts.accepted)) if verdicts.shape.has_label else None
        extras = Extras(weights=turns.weights, labels=labels, tags=turns.tags)
    buffers = [None, pa.py_buffer(turns.text_starts), pa.py_buffer(turns.text)]
    return Columns(
        rows=verdicts.rows,
        lines=verdicts.lines,
        offsets=verdicts.offsets,
        ids=identities_of(verdicts, form),
        text_hashes=hash_texts(turns.text, turns.text_starts[turns.turn_starts]),
        turn_counts=turns.turn_counts,
        turn_starts=turns.turn_starts,
        roles=turns.roles,
        role_names=turns.role_names,
        contents=pa.Array.from_buffers(pa.large_utf8(), len(turns.roles), buffers),
        text=turns.text,
        text_starts=turns.text_starts,
        word_counts=count_words(turns.text, turns.text_starts),
        is_supervised=turns.is_supervised,
        branches=turns.branches,
        extras=extras,
        layout=form.layout,
        content_paths=turns.paths,
        marks=find_marks(turns.text, turns.text_starts),
    )


def identities_of(verdicts: Verdicts, form: Format) -> pa.StringArray:
    """The conversations' ids; a row that has none is named after its place in the file."""
    ids = [] if verdicts.are_nameless else verdicts.identities
    if form is NATIVE or (ids and all(ids)):
        return pa.array(ids, pa.string())
    if not any(ids):  # as in most files of such formats: no text of Python's for each
        import pyarrow.compute as pc  # 25 ms that a native file need not wait for

        return pc.binary_join_element_wise("row-", pa.array(verdicts.rows).cast(pa.string()), "")
    named = [identity or f"row-{row}" for identity, row in zip(ids, verdicts.rows.tolist(), strict=True)]
    return pa.array(named, pa.string())


def _extras(weights: Reals | None, conversations: list[FullConversation], turns: list[FullTurn]) -> Extras:
    return Extras(
        weights=weights,
        tool_calls=_column("tool_calls", turns),
        parts=_column("parts", turns),
        tool_call_ids=_column("tool_call_id", turns),
        names=_column("name", turns),
        reasoning=_column("reasoning", turns),
        tags=_column("tag", turns),
        tools=_column("tools", conversations),
        labels=_column("label", conversations),
        media=_column("media", conversations),
        turn_annotations=_column("annotations", turns),
        conversation_annotations=_column("annotations", conversations),
    )


def _column(name: str, owners: Sequence[FullTurn] | Sequence[FullConversation]) -> list[Any] | None:
    values = list(map(attrgetter(name), owners))
    return None if values.count(None) == len(values) else values


def _holds_nul(columns: Columns) -> bool:
    if not len(columns.ids):  # of none, Arrow may still have a buffer
        return False
    return (
        bool(columns.text.min(initial=1) == 0)
        or any("\0" in role for role in columns.role_names)
        or 0 in np.frombuffer(columns.ids.buffers()[2] or b"", dtype=np.uint8)
    )


def _hides_nesting(block: Block, columns: Columns, limits: Limits) -> bool:
    """Whether a line nests too deep in a content that an equal key after it replaced: only its bytes show it."""
    index = columns.rows - block.first_row
    text_bytes = np.diff(columns.text_starts[columns.turn_starts])
    turn_bytes = _TURN_BYTES if columns.layout is NATIVE_LAYOUT else 0
    other_bytes = np.diff(block.starts)[index] - text_bytes - turn_bytes * columns.turn_counts
    suspects = index[other_bytes >= 2 * (limits.max_nesting - 2)]  # two brackets a level; a turn is the third level
    starts = block.starts
    return any(is_deeper(block.data[starts[i] : starts[i + 1]].decode(), limits.max_nesting) for i in suspects.tolist())
