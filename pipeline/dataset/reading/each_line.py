"""The verdict on lines one by one, each text once: a block of a million equal lines costs no more than one of them.

What many lines are is told at a glance (`at_a_glance.py`), or once for all of a shape (`line_shapes.py`), and plain
rows are read without a look at more (`plain_lines.py`); of the others each text is judged once (`text_judge.py`).
How blocks are read at once, where all is well, is in `block_verdicts.py`.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group, all_findings_of, group_of
from pipeline.dataset.formats.blocks_of_lines import BYTE_ORDER_MARK, Block
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.native import NATIVE
from pipeline.dataset.formats.rows.shapes import PlainRow, Shape
from pipeline.dataset.model.arrow_series import column_of
from pipeline.dataset.model.bit_flags import Flags, Integers, bits_before, packed
from pipeline.dataset.model.conversation import FullConversation, Limits
from pipeline.dataset.reading.at_a_glance import glance
from pipeline.dataset.reading.line_shapes import shapes_of
from pipeline.dataset.reading.plain_lines import PlainReader
from pipeline.dataset.reading.text_judge import BLANK_LINE, INVALID_UTF8, MALFORMED, TINY_BYTES, TextJudge
from pipeline.dataset.rules.mismatch import Mismatch

MANY = 8  # lines of a shape: what is true of all of them takes as long to find out as a few take by themselves
_SAMPLED = 16
_FEW = 4  # where texts come back so often, to judge each of them once is quicker
_LONG_BYTES = 2**12  # lines of that many bytes are few in a block, and looking for equal ones copies them
_MARKED = Finding(1, 0, "byte-order-mark", "$", Mismatch("the first line to begin at once", "the bytes EF BB BF"))


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of the lines of one block; accepted + rejected + blank lines are all its lines."""

    accepted: list[FullConversation] | list[PlainRow]
    """Plain rows of `shape`, or full conversations where that is None."""
    rows: Integers
    """Place among all rows of the file, line number and byte offset of each of them, ascending, int64."""
    lines: Integers
    """Place among all rows of the file, line number and byte offset of each of them, ascending, int64."""
    offsets: Integers
    """Place among all rows of the file, line number and byte offset of each of them, ascending, int64."""
    groups: list[Group]
    """Errors and blank lines, by code."""
    rejected_count: int
    blank_count: int
    shape: Shape | None = None
    are_nameless: bool = False
    """Whether it is known that no accepted row has a name of its own."""

    @property
    def findings(self) -> list[Finding]:
        """Every error and blank line, in order."""
        return all_findings_of(self.groups)

    @property
    def identities(self) -> list[str]:
        """The accepted rows' own names, "" where one has none."""
        if self.are_nameless:
            return [""] * len(self.accepted)
        if self.shape is not None:
            return self.shape.names_of(self.accepted)
        return [conversation.conversation_id for conversation in self.accepted]


def judge_each(block: Block, limits: Limits, form: Format = NATIVE) -> Verdicts:
    """The verdict for every line of the block, line by line."""
    rows = np.arange(block.line_count)
    judge = TextJudge(limits, form, is_utf8=is_utf8(block.data))
    plain = PlainReader(limits, form, is_utf8=judge.is_utf8)
    judged = _Judged(judge, block)
    places = _Places(block, rows, np.full(len(rows), -1))
    if block.faults:
        is_faulty = np.zeros(block.line_count, dtype=np.bool_)
        is_faulty[block.faults.rows] = True
        places.numbers[is_faulty[rows]] = judged.add_faulty()
    _tell_no_utf8(places, judged, judge)
    _tell_at_a_glance(places, judged, judge)
    _tell_plain(places, judged, judge, plain)
    _tell_by_shape(places, judged, judge)
    _tell_plain(places, judged, judge, plain)  # where most of what came before were not
    left = np.flatnonzero(places.numbers < 0)
    texts, numbers = _distinct(block, rows[left])
    places.numbers[left] = judged.add_all(texts)[numbers]
    if len(left) and block.offsets_at[rows[left[0]]] == 0:
        first = texts[numbers[0]]
        if first.startswith(BYTE_ORDER_MARK) and len(first) <= limits.max_line_bytes:
            (places.numbers[left[0]],) = judged.add_all([first[len(BYTE_ORDER_MARK) :]])
            places.marked = rows[left[:1]]
    return _verdicts(judged, places)


def marks(block: Block) -> list[Group]:
    """The byte order mark before an array."""
    return [group_of(_MARKED, _integers([0]))] if block.is_marked else []


@dataclass(slots=True)
class _Places:
    """Where the lines are."""

    block: Block
    rows: Integers
    """In the block."""
    numbers: Integers
    """Of their texts."""
    marked: Integers = field(default_factory=lambda: _integers([]))
    """Rows that begin with a mark."""


def _distinct(block: Block, rows: Integers) -> tuple[list[bytes], Integers]:
    """The different texts of the lines, without their `\\n`, and for each line the number of its text."""
    if len(rows) == 0:
        return [], np.empty(0, dtype=np.int64)
    if len(block.data) // block.line_count >= _LONG_BYTES:
        lines = block.lines()
        return [lines[row] for row in rows.tolist()], np.arange(len(rows))
    encoded = _encoded(block, rows)
    texts = [text.removesuffix(b"\n") for text in encoded.dictionary.to_pylist()]
    return texts, encoded.indices.to_numpy().astype(np.int64)


def _encoded(block: Block, rows: Integers) -> pa.DictionaryArray:
    """The lines as numbers of their texts."""
    column = column_of(block.data, block.starts)
    return (column.take(pa.array(rows)) if len(rows) < block.line_count else column).dictionary_encode()


def _tell_no_utf8(places: _Places, judged: "_Judged", judge: TextJudge) -> None:
    """Number the lines that are no UTF-8, so that what is told of many of the others is not held up by them."""
    block, numbers = places.block, places.numbers
    if judge.is_utf8:
        return
    starts, rows = block.starts, places.rows
    is_asked = (numbers < 0) & (block.offsets_at[rows] > 0) & (np.diff(starts)[rows] <= judge.most_bytes)
    others = packed(np.frombuffer(block.data, dtype=np.uint8) >= 0x80)
    is_asked &= bits_before(others, starts[rows + 1]) > bits_before(others, starts[rows])
    at = np.flatnonzero(is_asked)
    wrong = [index for index, row in zip(at.tolist(), rows[at].tolist(), strict=True) if not _is_text(block, row)]
    numbers[wrong] = judged.add_alike(INVALID_UTF8)


def _tell_at_a_glance(places: _Places, judged: "_Judged", judge: TextJudge) -> None:
    """Number the lines whose codes need no look at each by itself. The file's first may begin with a mark."""
    block, rows, numbers = places.block, places.rows, places.numbers
    is_open = (numbers < 0) & (block.offsets_at[rows] > 0)
    if not is_open.any() or len(block.data) // block.line_count >= TINY_BYTES:
        return
    seen = glance(block, rows, judge.glanced_bytes, is_utf8=judge.is_utf8)
    for is_told, codes in (
        (seen.is_blank, BLANK_LINE),
        (seen.is_malformed, MALFORMED),
        (seen.is_number, judge.number),
    ):
        is_told = is_told & is_open
        if codes and is_told.any():
            numbers[is_told] = judged.add_alike(codes)


def _tell_plain(places: _Places, judged: "_Judged", judge: TextJudge, plain: PlainReader) -> None:
    """Number the lines that are plain rows, where most are of one shape and the others wrong, as far as some tell.

    Where rows say more, all are to be read fully, and once.
    """
    left = np.flatnonzero(places.numbers < 0)
    if judged.shape is not None or not len(left):
        return
    lines = places.block.lines()
    texts = [lines[row] for row in places.rows[left].tolist()]
    sample = texts[:: -(-len(texts) // _SAMPLED)]
    shape = plain.shape_of(sample)
    if shape is None:
        return
    others = [text for text, row in zip(sample, plain.read(sample, shape), strict=True) if row is None]
    if not all(isinstance(judge.judge(text), tuple) for text in others):
        return
    rows = plain.read(texts, shape)
    at = [index for index, row in enumerate(rows) if row is not None]
    places.numbers[left[at]] = judged.add_plain([texts[index] for index in at], [rows[index] for index in at], shape)


def _tell_by_shape(places: _Places, judged: "_Judged", judge: TextJudge) -> None:
    """Number the lines whose codes are those of many others that differ in words and numbers alone."""
    block, numbers = places.block, places.numbers
    is_open = (numbers < 0) & (block.offsets_at[places.rows] > 0)
    rows = places.rows[is_open]
    if len(rows) < MANY or len(block.data) // block.line_count > judge.glanced_bytes:
        return
    sample = map(block.line_at, rows[:: -(-len(rows) // _SAMPLED)].tolist())
    if not any(type(judge.judge(text)) is tuple for text in sample):
        return  # of rows that are right each is wanted
    if len(_encoded(block, rows).dictionary) * _FEW < len(rows):
        return
    shapes = shapes_of(block, rows, judge.glanced_bytes)
    each, firsts, counts = np.unique(shapes, return_index=True, return_counts=True)
    number_of = np.full(len(rows) + 1, -1)  # by shape; the last is of those without one
    for shape, first, count in zip(each.tolist(), firsts.tolist(), counts.tolist(), strict=True):
        if shape >= 0 and count >= MANY and (codes := judge.judge_alike(block.line_at(rows.item(first)))):
            number_of[shape] = judged.add_alike(codes)
    numbers[is_open] = number_of[shapes]


class _Judged:
    """The verdicts on different texts of a block, by number."""

    def __init__(self, judge: TextJudge, block: Block) -> None:
        self._judge = judge
        self._block = block
        self._texts: list[bytes | None] = []  # None: of lines that are alike in their codes, not in their text
        self._words: dict[bytes, dict[str, Finding]] = {}
        self.shape: Shape | None = None
        self._plain: list[PlainRow] = []
        self._first_plain = 0
        self._full: dict[int, FullConversation] = {}
        self.by_code: dict[str, list[int]] = {}
        self.faulty = -1  # the number of rows that cannot be read for what is around them

    def add_all(self, texts: list[bytes]) -> Integers:
        """Judge more texts; returns their numbers."""
        first = len(self._texts)
        self._texts += texts
        by_codes: dict[tuple[str, ...], list[int]] = {}
        for number, verdict in enumerate(self._judge.judge_all(texts), start=first):
            if not isinstance(verdict, tuple):
                self._full[number] = verdict
            elif verdict in by_codes:
                by_codes[verdict].append(number)
            else:
                by_codes[verdict] = [number]
        for codes, numbers in by_codes.items():
            self._add_codes(codes, numbers)
        return np.arange(first, len(self._texts))

    def add_plain(self, texts: list[bytes], rows: list[PlainRow], shape: Shape) -> Integers:
        """Take in plain rows, and the texts that they were read from; returns their numbers. To be called once."""
        self.shape, self._plain, self._first_plain = shape, rows, len(self._texts)
        self._texts += texts
        return np.arange(self._first_plain, len(self._texts))

    def add_alike(self, codes: tuple[str, ...]) -> int:
        """The number of lines with these codes, whatever their texts are."""
        self._texts.append(None)
        self._add_codes(codes, [len(self._texts) - 1])
        return len(self._texts) - 1

    def add_faulty(self) -> int:
        """The number of rows whose fault is around them."""
        self.faulty = self.add_alike(MALFORMED)
        return self.faulty

    def _add_codes(self, codes: tuple[str, ...], numbers: list[int]) -> None:
        for code in codes:
            self.by_code.setdefault(code, []).extend(numbers)

    def among(self, numbers: list[int]) -> Flags:
        """Of each text, whether it is among them."""
        flags = np.zeros(len(self._texts), dtype=np.bool_)
        flags[numbers] = True
        return flags

    @property
    def are_accepted(self) -> Flags:
        """Of each text, whether it is."""
        return self.among([*range(self._first_plain, self._first_plain + len(self._plain)), *self._full])

    def accepted(self, numbers: Integers) -> tuple[list[FullConversation] | list[PlainRow], Shape | None]:
        """The rows of accepted texts as plain ones of a shape, or all as full conversations."""
        if not self._full:
            return [self._plain[number] for number in (numbers - self._first_plain).tolist()], self.shape
        return [self._conversation(number) for number in numbers.tolist()], None

    def _conversation(self, number: int) -> FullConversation:
        """What an accepted text holds."""
        read = self._full.get(number) or self._judge.judge(self._texts[number] or b"")
        if isinstance(read, tuple):
            raise TypeError(f"a shape takes a row that the format refuses: {read}")
        return read

    def finding(self, number: int, code: str, index: int, line: int, offset: int, row: int) -> Finding:
        """A text's finding of a code, at one of its places. index: of a line with this text, in the block."""
        block = self._block
        if number == self.faulty:
            return Finding(line, offset, code, "$", block.faults[index], row)
        text = self._texts[number]
        if text is None:
            text = block.line_at(index)
        words = self._words.get(text)
        if words is None:
            found = self._judge.findings(text, line, offset)
            words = self._words[text] = {finding.code: finding for finding in found}
        said = words[code]
        return Finding(line, offset, code, said.path, said.mismatch, row)


def _verdicts(judged: _Judged, places: _Places) -> Verdicts:
    block, numbers, rows = places.block, places.numbers, places.rows
    is_accepted = judged.are_accepted[numbers]
    blank_count = int(judged.among(judged.by_code.get("blank-line", []))[numbers].sum())
    accepted, shape = judged.accepted(numbers[is_accepted])
    at = rows[is_accepted]
    groups = [*marks(block), *([group_of(_MARKED, places.marked)] if len(places.marked) else [])]
    groups += [_group(judged, places, code, having) for code, having in judged.by_code.items()]
    return Verdicts(
        accepted,
        block.rows_at[at],
        block.lines_at[at],
        block.offsets_at[at],
        [group for group in groups if len(group.rows)],
        len(rows) - len(at) - blank_count,
        blank_count,
        shape,
        are_nameless(block, shape),
    )


def are_nameless(block: Block, shape: Shape | None) -> bool:
    """Whether no row can have a field that names it. A look at the bytes costs less than one at each row.

    Where there are escapes, a field may be written with them.
    """
    if shape is None or shape.has_own_id or b"\\" in block.data:
        return False
    return not any(b'"%b"' % shape.named(name).encode() in block.data for name in shape.identities)


def _group(judged: _Judged, places: _Places, code: str, having: list[int]) -> Group:
    is_found = judged.among(having)[places.numbers]
    rows, numbers = places.rows[is_found], places.numbers[is_found]
    lines, offsets, in_file = places.block.lines_at, places.block.offsets_at, places.block.rows_at

    def make(row: int) -> Finding:
        number = numbers.item(rows.searchsorted(row))
        return judged.finding(number, code, row, lines.item(row), offsets.item(row), in_file.item(row))

    return Group(code, rows, make)


def is_utf8(data: bytes) -> bool:
    """Whether all of data is UTF-8; Arrow looks at several bytes at a time."""
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    column = pa.Array.from_buffers(pa.large_utf8(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_text(block: Block, row: int) -> bool:
    try:
        block.line_at(row).decode()
    except UnicodeDecodeError:
        return False
    return True


def _integers(values: list[int]) -> Integers:
    return np.array(values, dtype=np.int64)
