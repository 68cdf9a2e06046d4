"""The conversations of a batch by persona and arc, as a table whose cells show by their shade how far each is."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.contract.generation_values import BatchCell
from pipeline.service.pages.made_names import ScaffoldNames
from pipeline.wording import number

_SHADES = 4


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A cell of a batch's matrix."""

    shade: int
    """From 0, nothing, to 4, all that is wanted."""
    value: str
    said: str
    """The same in words. Empty where nothing is wanted."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """An arc with a cell for each persona, and all of them together."""

    arc: str
    cells: tuple[MatrixCell, ...]
    total: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """A batch as a matrix of arcs by personas."""

    personas: tuple[str, ...]
    """Names at the head."""
    rows: tuple[MatrixRow, ...]
    is_plan: bool
    """Cells have what is wanted; else what is accepted of it."""


def matrix_of(cells: Sequence[BatchCell], names: ScaffoldNames, *, is_plan: bool = False) -> Matrix:
    """The table. is_plan: nothing was made of it yet."""
    by_place = {(cell.persona, cell.arc): cell for cell in cells}
    personas = _in_order({cell.persona for cell in cells}, list(names.personas))
    arcs = _in_order({cell.arc for cell in cells}, list(names.arcs))
    most = max((cell.quota for cell in cells), default=0)

    def row(arc: str) -> MatrixRow:
        found = [by_place.get((persona, arc)) for persona in personas]
        shown = tuple(_planned(cell, most) if is_plan else _filled(cell) for cell in found)
        there = [cell for cell in found if cell is not None]
        filled, quota = sum(cell.filled for cell in there), sum(cell.quota for cell in there)
        return MatrixRow(names.arcs.get(arc, arc), shown, number(quota) if is_plan else f"{filled:,} of {quota:,}")

    return Matrix(tuple(names.personas.get(each, each) for each in personas), tuple(map(row, arcs)), is_plan)


def _planned(cell: BatchCell | None, most: int) -> MatrixCell:
    if cell is None or not cell.quota:
        return MatrixCell(0, "", "none")
    return MatrixCell(-(-cell.quota * _SHADES // most), number(cell.quota), "")


def _filled(cell: BatchCell | None) -> MatrixCell:
    if cell is None or not (cell.quota or cell.filled):
        return MatrixCell(0, "", "none")
    shade = _SHADES if cell.filled >= cell.quota else cell.filled * _SHADES // cell.quota
    if cell.filled and not shade:
        shade = 1
    return MatrixCell(shade, f"{cell.filled:,}/{cell.quota:,}", f"{cell.filled:,} of {cell.quota:,} accepted")


def _in_order(keys: set[str], known: Sequence[str]) -> list[str]:
    """Those that are known in their order, then the others."""
    places = {key: place for place, key in enumerate(known)}
    return sorted(keys, key=lambda key: (places.get(key, len(places)), key))
