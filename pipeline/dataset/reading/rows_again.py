"""Reads each row of a block once, however often it comes: a megabyte of a table can be half a million rows.

What is known of the different rows is then known of all of them (`Again`), so that what looks at texts may look at
these alone; what names rows and places has the columns of all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK, Block
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.block_verdicts import Verdicts
from pipeline.dataset.reading.columns import Again, Columns, Extras, identities_of, read_columns
from pipeline.dataset.reading.text_marks import find_marks

_FEWEST = 64  # of fewer rows each is read as quickly
_SAMPLED = 64
_AGAIN = 4  # so often a row comes at least, in the mean, before it is worth to look for it
_OF_ROWS = frozenset({"tools", "labels", "media", "conversation_annotations"})


def read_once(
    block: Block, limits: Limits, form: Format = NATIVE, others: tuple[str, ...] = ()
) -> tuple[Verdicts, Columns]:
    """What `read_columns` says of the block, by its different rows where these are few."""
    different = _different(block)
    if different is None:
        return read_columns(block, limits, form, others)
    verdicts, columns = read_columns(different.block, limits, form, others)
    return different.of_all(verdicts, columns, form)


@dataclass(frozen=True, slots=True)
class _Different:
    """The different lines of a block, as a block of their own, in the order in which they first come."""

    all: Block
    block: Block
    """Its first line is 1."""
    numbers: Integers
    """Of each line of all, which of these it is."""

    def of_all(self, verdicts: Verdicts, columns: Columns, form: Format) -> tuple[Verdicts, Columns]:
        """The same of all lines."""
        of_line = np.full(self.block.line_count, -1, dtype=np.int64)
        of_line[columns.rows - 1] = np.arange(len(columns.rows))
        numbers = of_line[self.numbers]
        at = np.flatnonzero(numbers >= 0)
        numbers = numbers[at]
        block = self.all
        groups = groups_of_all(verdicts.groups, self.numbers, block.rows_at, block.lines_at, block.offsets_at)
        blank_count = sum(len(group.rows) for group in groups if group.code == "blank-line")
        accepted: list[Any] = list(map(verdicts.accepted.__getitem__, numbers.tolist()))
        said = replace(
            verdicts,
            accepted=accepted,
            rows=block.rows_at[at],
            lines=block.lines_at[at],
            offsets=block.offsets_at[at],
            groups=groups,
            rejected_count=block.line_count - len(at) - blank_count,
            blank_count=blank_count,
        )
        return said, _repeated(columns, numbers, said, form)


def groups_of_all(
    groups: Iterable[Group], numbers: Integers, rows: Integers, lines: Integers, offsets: Integers
) -> list[Group]:
    """The findings of different rows, in each place where they come.

    numbers: which of them each row is; rows, lines, offsets: where it is in the file.
    """

    def of_all(group: Group) -> Group:
        is_found = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.bool_)
        is_found[group.rows] = True

        def make(row: int) -> Finding:
            finding = group.make(numbers.item(row))
            return replace(finding, line=lines.item(row), byte_offset=offsets.item(row), row=rows.item(row))

        return Group(group.code, np.flatnonzero(is_found[numbers]), make)

    return [of_all(group) for group in groups]


def _different(block: Block) -> _Different | None:
    """The different lines; None where they are many, or something around them has to be told."""
    is_odd = block.skipped_bytes or block.faults or block.is_marked or block.parts is not None or not block.is_ended
    if is_odd or block.line_count < _FEWEST or block.data.startswith(BYTE_ORDER_MARK):
        return None
    sampled = range(0, block.line_count, block.line_count // _SAMPLED)
    if len({*map(block.line_at, sampled)}) * _AGAIN > len(sampled):
        return None
    encoded = column_of(block.data, block.starts).dictionary_encode()
    texts: pa.LargeBinaryArray = encoded.dictionary
    if len(texts) * _AGAIN > block.line_count:
        return None
    starts = np.frombuffer(texts.buffers()[1], dtype=np.int64, count=len(texts) + 1)
    data = texts.buffers()[2].to_pybytes()[: int(starts[-1])]
    return _Different(block, Block(data, 1, 1, starts), encoded.indices.to_numpy().astype(np.int64))


def _repeated(columns: Columns, numbers: Integers, verdicts: Verdicts, form: Format) -> Columns:
    """The columns of all accepted rows. numbers: which of the different ones each is."""
    counts = columns.turn_counts[numbers]
    starts = np.append(0, np.cumsum(counts))
    turns = np.repeat(columns.turn_starts[:-1][numbers] - starts[:-1], counts) + np.arange(int(starts[-1]))
    contents = columns.contents.take(pa.array(turns))
    text_starts = np.append(0, np.cumsum(np.diff(columns.text_starts)[turns]))
    text = np.frombuffer(contents.buffers()[2] or b"", dtype=np.uint8)[: int(text_starts[-1])]
    return Columns(
        rows=verdicts.rows,
        lines=verdicts.lines,
        offsets=verdicts.offsets,
        ids=identities_of(verdicts, form),
        text_hashes=columns.text_hashes[numbers],
        turn_counts=counts,
        turn_starts=starts,
        roles=columns.roles[turns],
        role_names=columns.role_names,
        contents=contents,
        text=text,
        text_starts=text_starts,
        word_counts=columns.word_counts[turns],
        is_supervised=columns.is_supervised[turns],
        branches=columns.branches[turns],
        extras=_extras(columns.extras, numbers, turns),
        layout=columns.layout,
        content_paths=None if columns.content_paths is None else _Paths(columns.content_paths, turns),
        marks=find_marks(text, text_starts),
        repeated=_by_number(columns.repeated, numbers),
        large=_by_number(columns.large, numbers),
        again=Again(columns, numbers, turns),
    )


def _extras(extras: Extras, rows: Integers, turns: Integers) -> Extras:
    held = {field.name: getattr(extras, field.name) for field in fields(extras)}
    taken = {name: _taken(values, rows if name in _OF_ROWS else turns) for name, values in held.items()}
    return Extras(**taken)


def _taken(values: Any, numbers: Integers) -> Any:
    if values is None or isinstance(values, np.ndarray):
        return None if values is None else values[numbers]
    return list(map(values.__getitem__, numbers.tolist()))


def _by_number(known: Any, numbers: Integers) -> dict[int, Any]:
    """What is known of some of the different rows, of all."""
    if not known:
        return {}
    at = np.flatnonzero(np.isin(numbers, list(known)))
    return {place: known[number] for place, number in zip(at.tolist(), numbers[at].tolist(), strict=True)}


@dataclass(frozen=True, slots=True)
class _Paths(Sequence[str]):
    """Paths of turns, made when one is asked for."""

    different: Sequence[str]
    turns: Integers

    def __len__(self) -> int:
        return len(self.turns)

    def __getitem__(self, turn: Any) -> Any:
        return self.different[self.turns.item(turn)]
