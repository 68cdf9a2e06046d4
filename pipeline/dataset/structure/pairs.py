"""Findings about what a conversation of training pairs says of itself: no answer in a pair, a line about the file."""

from collections.abc import Iterator

import msgspec
import numpy as np

from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.formats.rows.brightrun import META
from pipeline.dataset.formats.rows.brightrun_pairs import PAIRS, UNANSWERED, index_of
from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import WarningRule, conversations_with


def pair_without_target(columns: Columns) -> Iterator[Group]:
    """A conversation of which a pair has no answer."""
    held = columns.extras.conversation_annotations
    if held is None or columns.layout.turns != f"$.{PAIRS}":
        return

    def pairs(row: int) -> list[dict[str, object]]:
        listed: list[dict[str, object]] = msgspec.json.decode(held[row] or "{}")[UNANSWERED]
        return listed

    def said(row: int) -> Mismatch:
        count = len(pairs(row))
        return Mismatch("an answer", "none" if count == 1 else f"none, and none in {count - 1:,} more of its pairs")

    def place(row: int) -> str:
        return f"$.{PAIRS}[{index_of(pairs(row)[0])}].target_response"

    yield from conversations_with(columns, _holding(held, UNANSWERED), "pair-without-target", place, said)


def file_metadata_line(columns: Columns) -> Iterator[Group]:
    """A line in front of the row that says what the file is."""
    held = columns.extras.conversation_annotations
    if held is None or columns.layout.turns != f"$.{PAIRS}":
        return
    said = Mismatch("a row", f"a line with {META}, which is kept beside the row after it")
    yield from conversations_with(columns, _holding(held, META), "file-metadata-line", lambda _: f"$.{META}", said)


def _holding(annotations: list[str | None], name: str) -> Flags:
    """Which conversations have this among their annotations, at the top."""
    key = f'"{name}":'
    found = [bool(text and key in text and name in msgspec.json.decode(text)) for text in annotations]
    return np.array(found, dtype=np.bool_)


PAIR_RULES: tuple[WarningRule, ...] = (pair_without_target, file_metadata_line)
