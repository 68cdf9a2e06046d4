"""Rows as the viewer of the Hugging Face Hub gives them: a row of any other format, within `row`."""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, FaultsElsewhere, as_object, field, keys_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.fields import FieldFormat, says
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.shapes import Shape
from pipeline.dataset.model.conversation import FullConversation
from pipeline.dataset.model.json_text import Json


@dataclass(frozen=True, slots=True)
class HubRows(FieldFormat):
    """The row within is of any format, so that the quick reader has no shape of it."""

    name: str = "hub-rows"
    title: str = "rows of the Hub's viewer: row and row_idx"
    example: str = '{"row_idx": 0, "row": {"instruction": "2+2=", "output": "4"}, "truncated_cells": []}'
    becomes: str = "what `row` is in its own format; a row with truncated cells is refused"

    def fits(self, row: Json) -> bool:
        """Whether there is a row within that we know."""
        if not isinstance(row, dict) or "row_idx" not in row or not isinstance(row.get("row"), dict):
            return False
        return _known(row["row"]) is not None

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The conversation of the row within."""
        if (fields := as_object(row, faults)) is None:
            return None
        inner = field(fields, "row", dict, "$", faults)
        if says(cut := fields.get("truncated_cells")):
            found = "cells that are cut off" if not isinstance(cut, list) else f"{len(cut)} that are cut off"
            faults.add("wrong-type", "$.truncated_cells", "whole cells", found, "(load_dataset gives them whole)")
        if not isinstance(inner, dict):
            return None
        form = _known(inner)
        if form is None:
            faults.add("missing-field", "$.row", "a row of a format that we know", keys_of(inner))
            return None
        read = form.read(inner, FaultsElsewhere(faults, _within))
        for turn in read.turns if read else ():
            turn.path = _within(turn.path)
        if read:
            read.media = read.media or media_of(fields)
        return read

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: the row within is of any format."""
        return ()


def _within(path: str) -> str:
    return f"$.row{path[1:]}"


def _known(row: Json) -> Format | None:
    from pipeline.dataset.formats.rows import recognise_row  # this format is one of those it knows

    if isinstance(row, dict) and "row_idx" in row and isinstance(row.get("row"), dict):
        return None  # no viewer gives rows of a viewer, and a hostile row has hundreds in each other
    return recognise_row(row)


HUB_ROWS = HubRows()
