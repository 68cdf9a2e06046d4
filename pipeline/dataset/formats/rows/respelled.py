"""A format whose fields are named in other case, with blanks or a byte order mark at the edges, in one file.

Its rows are read as the format's with the names put right; paths and the quick reader keep the names of the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from pipeline.dataset.findings.faults import Faults, FaultsElsewhere
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.preference import Preference
from pipeline.dataset.formats.rows.shapes import Shape
from pipeline.dataset.model.conversation import FullConversation, Layout
from pipeline.dataset.model.json_text import Json

Names = tuple[tuple[str, str], ...]  # ours, theirs
_STEP = re.compile(r"\.([^.\[\]]+)")
_MOST = 100  # fields of a row with odd names; no table of people has more


@dataclass(frozen=True, slots=True)
class Respelled:
    """names: the format's names of fields and the file's; each stands once."""

    form: Format
    names: Names
    example: str = ""
    becomes: str = ""

    @property
    def name(self) -> str:
        """The format's."""
        return self.form.name

    @property
    def title(self) -> str:
        """The format's."""
        return self.form.title

    @property
    def layout(self) -> Layout:
        """Where the file keeps what we read."""
        ours = self.form.layout
        return Layout(
            *(respelt_path(path, self.names) for path in (ours.turns, ours.role, ours.content, ours.identity))
        )

    def fits(self, row: Json) -> bool:
        """Whether it is a row of the format once the names are put right."""
        return self.form.fits(_right(row, self._used_in(row)))

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """What the format reads, with the paths of the file."""
        used = self._used_in(row)
        read = self.form.read(_right(row, used), FaultsElsewhere(faults, lambda path: respelt_path(path, used)))
        for turn in read.turns if read else ():
            turn.path = respelt_path(turn.path, used)
        return read

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The format's, with the names of the file."""
        return _respelt(self)

    def _used_in(self, row: Json) -> Names:
        """Those that stand in a row; others may be written as the format has them."""
        keys = {key for keys in _objects(row) for key in keys}
        return tuple(pair for pair in self.names if pair[1] in keys)


def _right(row: Json, used: Names) -> Json:
    """The row with the format's names: its own fields and those of objects in its lists."""
    ours = {theirs: name for name, theirs in used}
    return _right_list(row, ours) if isinstance(row, list) else _right_object(row, ours, is_row=True)


def _right_list(values: list[Json], ours: dict[str, str]) -> list[Json]:
    return [_right_object(each, ours) for each in values]


def _right_object(value: Json, ours: dict[str, str], *, is_row: bool = False) -> Json:
    """A field that is there under both names is the one of the file's name."""
    if not isinstance(value, dict):
        return value
    hidden = {ours[key] for key in value if key in ours}
    return {
        ours.get(key, key): _right_list(each, ours) if is_row and isinstance(each, list) else each
        for key, each in value.items()
        if key not in hidden
    }


@cache
def _respelt(form: Respelled) -> tuple[Shape, ...]:
    """The shapes with the file's names, and those with none of them: some rows may be named as the format has it."""
    usual = form.form.shapes
    theirs = tuple(theirs for _, theirs in form.names)
    plain = tuple(replace(shape, absent=(*shape.absent, *theirs)) for shape in usual if not _has_messages(shape))
    return (*(replace(shape, spelt=form.names) for shape in usual), *plain)


def _has_messages(shape: Shape) -> bool:
    return any(segment.kind not in ("text", "pairs", "texts-in-turn") for segment in shape.segments)


def respelt_path(path: str, names: Names) -> str:
    """A path with the file's names of fields."""
    theirs = dict(names)
    return _STEP.sub(lambda step: f".{theirs.get(step[1], step[1])}", path)


def right_key(key: str) -> str:
    """A name of a field in lower case, without blanks and marks at its edges."""
    return key.strip("\ufeff \t\r\n\u00a0").lower()


def with_right_keys(row: Json) -> Json:
    """The row with all names put right, also in the objects of its lists."""
    if isinstance(row, dict):
        return {
            right_key(key): with_right_keys(value) if isinstance(value, list) else value for key, value in row.items()
        }
    if isinstance(row, list):
        return [{right_key(k): v for k, v in each.items()} if isinstance(each, dict) else each for each in row]
    return row


def odd_names_of(rows: list[Json]) -> Names:
    """Names of fields that must be put right, none of them twice; none where an object has two names for one field."""
    odd: dict[str, str] = {}
    for keys in dict.fromkeys(keys for row in rows for keys in _objects(row)):
        right = tuple(map(right_key, keys))
        if right == keys:
            continue
        if len(set(right)) < len(right):
            return ()
        odd |= {ours: key for ours, key in zip(right, keys, strict=True) if ours not in odd and ours != key}
    return tuple(odd.items()) if len(odd) <= _MOST and not any({*".[]"} & {*key} for key in odd.values()) else ()


def _objects(row: Json) -> Iterator[tuple[str, ...]]:
    """The names of fields in a row, and in the objects of its lists."""
    if isinstance(row, dict):
        yield tuple(row)
    values = row.values() if isinstance(row, dict) else [row]
    for value in values:
        if isinstance(value, list):
            yield from (tuple(each) for each in value if isinstance(each, dict))


def odd_names(form: Format) -> Names:
    """What the fields of a file are called that its format names otherwise."""
    if isinstance(form, Respelled):
        read = {segment.field for shape in form.form.shapes for segment in shape.segments}
        return tuple(pair for pair in form.names if pair[0] in read) or form.names
    if isinstance(form, Preference) and len(form.alternatives) == 1:
        return tuple(zip(("chosen", "rejected"), form.alternatives[0], strict=True))
    return ()
