"""Reads the fields of a row that is a handful of them: texts, lists of messages, pairs, texts that take turns.

Which fields a format has, and what they hold, is in `declared.py` and in the files of `declared/`.
"""

from typing import Any

from pipeline.dataset.findings.faults import Faults, check_nul, field, keys_of, name_of
from pipeline.dataset.formats.rows.message_lists import Keys, optional_text, read_messages, require_turns
from pipeline.dataset.formats.rows.shapes import Segment
from pipeline.dataset.model.conversation import FullTurn, Layout
from pipeline.dataset.model.json_text import Json

_OPENAI_KEYS = Keys()
_SIDES = ("user", "assistant")
_EMPTY: tuple[Json, ...] = (None, "", [], {})


class FieldFormat:
    """What formats of fields have in common: no list of turns."""

    __slots__ = ()

    @property
    def layout(self) -> Layout:
        """Findings of the whole row point at the row."""
        return Layout("$", "", "", "$.id")


def says(value: Json) -> bool:
    """Whether a field holds anything: null and what is empty are what tables write where there is nothing."""
    return value not in _EMPTY


def text_or_messages(row: dict[str, Json], name: str, role: str, faults: Faults, branch: int = 0) -> list[FullTurn]:
    """The turns of a field that is a text by one role, a message, or a list of messages."""
    value = row.get(name)
    if isinstance(value, list):
        require_turns(value, f"$.{name}", faults)
        return read_messages(value, f"$.{name}", _OPENAI_KEYS, faults, branch)
    if isinstance(value, str):
        check_nul(value, f"$.{name}", faults)
        return [FullTurn(role, value, f"$.{name}", role == "assistant", branch=branch)]
    found = name_of(value) if name in row else keys_of(row)
    code = "wrong-type" if name in row else "missing-field"
    faults.add(code, f"$.{name}", "a string or a list of messages", found)
    return []


def one_of(row: dict[str, Json], names: tuple[str, ...], faults: Faults, nothing: tuple[Json, ...] = (None,)) -> str:
    """The one of several fields that holds something. nothing: values that say as much as none."""
    if len(names) == 1:
        return names[0]
    present = [name for name in names if row.get(name) not in nothing]
    if len(present) > 1 and len({str(row[name]) for name in present}) > 1:
        expected = f"one of {' and '.join(names)}"
        faults.add("ambiguous-answer", f"$.{present[1]}", expected, "both with different values")
    return next((name for name in (*present, *names) if name in row), names[0])


def optional_turn(row: dict[str, Json], names: tuple[str, ...], role: str, faults: Faults) -> list[FullTurn]:
    """The turn of a text that may be missing, under one of several names."""
    name = one_of(row, names, faults, (None, ""))
    text = optional_text(row, name, "$", faults)
    return [FullTurn(role, text, f"$.{name}", role == "assistant")] if text else []


def text_turn(row: dict[str, Json], name: str, role: str, faults: Faults, added: str = "") -> list[FullTurn]:
    """The turn of a text. added: a field whose text follows it on a line of its own; "" for none."""
    said = field(row, name, str, "$", faults)
    check_nul(said, f"$.{name}", faults)
    more = optional_text(row, added, "$", faults) if added else None
    if not isinstance(said, str):
        return []
    text = f"{said}\n{more}" if more and said else more or said
    return [FullTurn(role, text, f"$.{name}", role == "assistant")]


def pairs_of_texts(row: dict[str, Json], name: str, faults: Faults) -> list[FullTurn]:
    """The turns of a list of pairs of question and answer."""
    return pairs_of(field(row, name, list, "$", faults), f"$.{name}", faults)


def pairs_of(listed: Json, owner: str, faults: Faults) -> list[FullTurn]:
    """The turns of a list of such pairs at the path `owner`."""
    turns: list[FullTurn] = []
    for index, pair in enumerate(listed if isinstance(listed, list) else []):
        path = f"{owner}[{index}]"
        if not (isinstance(pair, list) and len(pair) == 2):
            found = f"{len(pair)} items" if isinstance(pair, list) else name_of(pair)
            faults.add("wrong-type", path, "a pair of question and answer", found)
            continue
        for place, role in enumerate(_SIDES):
            turns += _said(pair[place], role, f"{path}[{place}]", faults)
    return turns


def pairs_of_fields(row: dict[str, Json], name: str, pair: tuple[str, str], faults: Faults) -> list[FullTurn]:
    """The turns of a list of objects, each with a question and an answer."""
    turns: list[FullTurn] = []
    listed = field(row, name, list, "$", faults)
    require_turns(listed, f"$.{name}", faults)
    for index, each in enumerate(listed if isinstance(listed, list) else []):
        path = f"$.{name}[{index}]"
        if not isinstance(each, dict):
            faults.add("turn-not-an-object", path, "an object", name_of(each))
            continue
        for key, role in zip(pair, _SIDES, strict=True):
            if (text := field(each, key, str, path, faults)) is not None:
                turns += _said(text, role, f"{path}.{key}", faults)
    return turns


def texts_in_turn(row: dict[str, Json], name: str, faults: Faults) -> list[FullTurn]:
    """The turns of a list of texts by user and assistant in turn."""
    listed = field(row, name, list, "$", faults)
    require_turns(listed, f"$.{name}", faults)
    turns: list[FullTurn] = []
    for index, text in enumerate(listed if isinstance(listed, list) else []):
        turns += _said(text, _SIDES[index % 2], f"$.{name}[{index}]", faults)
    return turns


def _said(text: Json, role: str, path: str, faults: Faults) -> list[FullTurn]:
    if not isinstance(text, str):
        faults.add("wrong-type", path, "a string", name_of(text))
        return []
    check_nul(text, path, faults)
    return [FullTurn(role, text, path, role == "assistant")]


def either(name: str, role: str, **more: Any) -> tuple[Segment, Segment]:
    """A field that is messages, and one that is a text."""
    return Segment(name, **more), Segment(name, "text", role, **more)


def unsupervised(turn: FullTurn) -> FullTurn:
    """A turn of a prompt: trainers learn from the completion alone."""
    turn.is_supervised = False
    return turn
