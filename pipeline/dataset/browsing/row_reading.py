"""Reads some rows of a dataset as people look at them: turns, tools, thoughts, pictures by name, and what was found.

Bounded: of each conversation so many turns and characters are told, with how many there are.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.row_values import BrowsedRow, RowTurn
from pipeline.dataset.browsing.rejected_rows import findings_of_rows
from pipeline.dataset.browsing.row_tables import RowTables
from pipeline.dataset.formats.rows.beside_text import REASONING_PARTS
from pipeline.dataset.formats.rows.message_lists import TEXT_PARTS
from pipeline.dataset.model.bit_flags import Integers
from pipeline.dataset.model.json_text import decoded

MAX_TURNS = 200
MAX_CHARACTERS = 100_000  # of a conversation, all its texts together
MAX_FINDINGS = 20
_MAX_NAME_CHARACTERS = 120
_CONVERSATION = ("line", "conversation_id", "turn_count", "word_count", "tools", "label", "media")
_TURN = (
    *("role", "content", "is_supervised", "weight", "reasoning", "tool_calls", "tool_call_id", "speaker_name"),
    *("parts", "branch"),
)


def row_count(tables: RowTables) -> int:
    """How many rows were accepted."""
    return int(tables.frame(tables.table("conversations").select(pl.len())).item())


def places_of(tables: RowTables, first: int, count: int) -> Integers:
    """The places in the file of so many accepted rows, from the `first` one on, which is 0."""
    return tables.rows(tables.table("conversations").select("row").slice(first, count))


def read_rows(tables: RowTables, rows: Integers) -> list[BrowsedRow]:
    """These accepted rows, in the order of the file. rows: ascending.

    Raises:
        LakeError: the lake does not have the dataset.
    """
    turns, findings, sides = _turns(tables, rows), _findings(tables, rows), _sides(tables, rows)
    found = []
    for each in tables.records("conversations", rows, _CONVERSATION):
        split, cluster, size = sides.get(each["row"], (None, None, 1))
        found.append(
            BrowsedRow(
                row=each["row"],
                line=each["line"],
                conversation_id=each["conversation_id"],
                turn_count=each["turn_count"],
                word_count=each["word_count"],
                split=split,
                cluster=cluster,
                cluster_size=size,
                tools=each["tools"],
                label=each["label"],
                media=media_names(each["media"]),
                findings=findings.get(each["row"], []),
                turns=turns.get(each["row"], []),
            )
        )
    return found


def media_names(text: str | None) -> list[str]:
    """What pictures, sounds and files are called, in the JSON of a row's fields or of a content's parts.

    >>> media_names('[{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "cat.png"}}]')
    ['image_url: cat.png']
    """
    value = decoded(text) if text else None
    if isinstance(value, dict):
        return [_medium(name, each) for name, each in value.items()]
    named = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    texts = {*TEXT_PARTS, *REASONING_PARTS}
    return [_medium(str(each.get("type")), each) for each in named if each.get("type") not in texts]


def _medium(kind: str, value: object) -> str:
    """Its kind and the first text in it, which is an address or a name; of data within the row only how it begins."""
    said = next(_texts(value, kind), "")
    if said.startswith("data:"):
        said = said.partition(",")[0]
    return f"{kind}: {said}"[:_MAX_NAME_CHARACTERS] if said else kind


def _texts(value: object, kind: str) -> Iterator[str]:
    if isinstance(value, str):
        if value != kind:
            yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each, kind)


def _turns(tables: RowTables, rows: Integers) -> dict[int, list[RowTurn]]:
    found: dict[int, list[RowTurn]] = {}
    left: dict[int, int] = {}
    for each in tables.records("turns", rows, _TURN):
        turns = found.setdefault(each["row"], [])
        if len(turns) < MAX_TURNS:
            turn = _turn(each, left.get(each["row"], MAX_CHARACTERS))
            left[each["row"]] = left.get(each["row"], MAX_CHARACTERS) - len(turn.content) - len(turn.reasoning or "")
            turns.append(turn)
    return found


def _turn(each: dict[str, Any], most: int) -> RowTurn:
    reasoning = each["reasoning"]
    return RowTurn(
        role=each["role"],
        content=each["content"][: max(0, most)],
        characters=len(each["content"]),
        is_learned=each["is_supervised"],
        weight=each["weight"],
        reasoning=reasoning and reasoning[: max(0, most)],
        tool_calls=(each["tool_calls"] or "")[:MAX_CHARACTERS] or None,
        tool_call_id=each["tool_call_id"],
        name=each["speaker_name"],
        media=media_names(each["parts"]),
        branch=each["branch"],
    )


def _findings(tables: RowTables, rows: Integers) -> dict[int, list[FindingRecord]]:
    found: dict[int, list[FindingRecord]] = {}
    for each in findings_of_rows(tables, rows):
        listed = found.setdefault(each.row, [])
        if len(listed) < MAX_FINDINGS:
            listed.append(each)
    return found


def _sides(tables: RowTables, rows: Integers) -> dict[int, tuple[Any, int, int]]:
    """Of each row its side of the split, its cluster, and how many that has."""
    found = tables.records("splits", rows, ("split", "cluster"))
    clusters = list({each["cluster"] for each in found})
    counted = tables.table("splits").filter(pl.col("cluster").is_in(clusters)).group_by("cluster").agg(pl.len())
    sizes = dict(tables.frame(counted).iter_rows()) if clusters else {}
    return {each["row"]: (each["split"], each["cluster"], sizes[each["cluster"]]) for each in found}
