"""What only bytes, paths or JSON inside of texts tell of turns: columns that no expression can make of the others."""

from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.conversation import ASSISTANT, KNOWN_ROLES
from pipeline.dataset.model.media_marks import MEDIA_MARKS, has_media_mark
from pipeline.dataset.model.printable import printable
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.reading.text_marks import CLOSED, OPENED

Fact: TypeAlias = "pa.Array | npt.NDArray[np.bool_] | list[object]"

_TAGS = {"user": "user_tag", "assistant": "assistant_tag", "tool": "observation_tag", "system": "system_tag"}


def text_facts(columns: Columns) -> dict[str, Fact]:
    """The columns of a frame of turns by name; one that has no value is left out."""
    facts: dict[str, Fact] = {"has_role": np.full(len(columns.roles), bool(columns.layout.role))}
    for mark, name in ((OPENED, "opened"), (CLOSED, "closed")):
        if mark in columns.marks.turns:
            turns, places = columns.marks.turns[mark], columns.marks.places[mark]
            facts[f"first_{name}"] = _at(columns, turns[::-1], places[::-1])  # the last that is put in stays
            facts[f"last_{name}"] = _at(columns, turns, places)
    if marked := _media_marks(columns):
        facts["media_mark"] = _spread(columns, marked)
    if columns.extras.parts is not None and (foreign := _foreign_parts(columns.extras.parts)):
        facts["foreign_part"] = _spread(columns, foreign)
    if columns.extras.tags is not None:
        facts["usual_tags"] = _spread(columns, _usual_tags(columns, columns.extras.tags))
    return facts


def _at(columns: Columns, turns: Integers, values: Integers) -> pa.Array:
    """Values of some turns, the others null."""
    of_all = np.full(len(columns.roles), -1)
    of_all[turns] = values
    return pa.array(of_all, mask=of_all < 0)


def _spread(columns: Columns, found: dict[int, str]) -> list[object]:
    return list(map(found.get, range(len(columns.roles))))


def _media_marks(columns: Columns) -> dict[int, str]:
    """The first mark of each turn that has one at an edge of a line."""
    marked = columns.marks.of(*MEDIA_MARKS)
    texts = ((turn, columns.turn(turn)["content"]) for turn in marked[columns.roles[marked] != ASSISTANT].tolist())
    return {turn: next(mark for mark in MEDIA_MARKS if mark in text) for turn, text in texts if has_media_mark(text)}


def _foreign_parts(parts: list[str | None]) -> dict[int, str]:
    """The type of each turn's first part that is no text."""
    kinds = ((turn, _part_kinds(held)) for turn, held in enumerate(parts) if held)
    found = ((turn, next((kind for kind in of_turn if kind not in TEXT_PARTS), None)) for turn, of_turn in kinds)
    return {turn: kind for turn, kind in found if kind is not None}


def _part_kinds(parts: str) -> list[str]:
    return [part["type"] for part in msgspec.json.decode(parts) if isinstance(part, dict) and "type" in part]


def _usual_tags(columns: Columns, tags: list[str | None]) -> dict[int, str]:
    """How dataset_info.json of LLaMA-Factory would name the tags of a conversation, at the first turn with one."""
    tagged = [turn for turn in np.flatnonzero(columns.roles < len(KNOWN_ROLES)).tolist() if tags[turn]]
    owners = np.searchsorted(columns.turn_starts, tagged, side="right")
    named: dict[int, set[str]] = {}
    firsts: dict[int, int] = {}
    for turn, owner in zip(tagged, owners.tolist(), strict=True):
        firsts.setdefault(owner, turn)
        if (role := KNOWN_ROLES[columns.roles[turn]]) in _TAGS:
            named.setdefault(owner, set()).add(f"{_TAGS[role]}: {printable(tags[turn] or '')}")
    return {turn: ", ".join(sorted(named.get(owner, ()), reverse=True)) for owner, turn in firsts.items()}
