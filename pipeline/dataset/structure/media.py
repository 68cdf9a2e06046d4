"""Findings about pictures, sounds and videos beside the text, and about the marks that stand for them in it."""

from collections.abc import Iterator

import msgspec

from pipeline.dataset.findings.groups import Group
from pipeline.dataset.findings.mismatch import Mismatch
from pipeline.dataset.model.conversation import ASSISTANT
from pipeline.dataset.model.media_marks import MEDIA_MARKS, has_media_mark
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.flagging import WarningRule, conversations_with, first_places, flags_at, given


def media_beside_text(columns: Columns) -> Iterator[Group]:
    """A row with a field of pictures, sounds or videos."""
    media = columns.extras.media
    if media is None:
        return

    def fields(row: int) -> list[str]:
        return list(msgspec.json.decode(media[row] or "{}"))

    yield from conversations_with(
        columns,
        given(media),
        "media-beside-text",
        lambda row: f"$.{fields(row)[0]}",
        lambda row: Mismatch("text alone", f"the {' and '.join(fields(row))} beside it"),
    )


def media_mark(columns: Columns) -> Iterator[Group]:
    """A mark such as <image> in what is asked; an answer may well speak of HTML."""
    marked = columns.marks.of(*MEDIA_MARKS)
    asked = marked[columns.roles[marked] != ASSISTANT].tolist()
    held = [turn for turn in asked if has_media_mark(columns.turn(turn)["content"])]

    def mismatch(turn: int) -> Mismatch:
        text = columns.turn(turn)["content"]
        return Mismatch("words", f"the mark {next(mark for mark in MEDIA_MARKS if mark in text)}")

    yield from first_places(columns, flags_at(columns, held), "media-mark", columns.content_path, mismatch)


MEDIA: tuple[WarningRule, ...] = (media_beside_text, media_mark)
