"""The fields of a scaffold, made from what its kind has: shown as they are, as a form, and read back from one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pipeline.generation.model import Feeling
from pipeline.generation.scaffold_files import KINDS
from pipeline.service.pages.train_choices import Choice
from pipeline.state.catalog.statuses import ScaffoldKind

Form = Literal["line", "text", "list", "number", "choice", "feeling"]
_OWN = ("key", "is_active")  # said elsewhere on the page
_FEELING = ("emotion", "least", "most")
_LINES = ("name", "arc")  # short by their nature
_LABELS = {
    "turns_min": "Fewest turns",
    "turns_max": "Most turns",
    "trained_system": "System prompt that is trained with",
}
_HINTS = {
    "arcs": "keys of the arcs that suit, one a line; none for all",
    "arc": "key of the arc it is for; empty for any of its tier",
    "avoid": "phrases that are looked for in every answer, one a line",
    "trained_system": "empty for one that the model writes",
    "start": "an emotion, and how strong it may be, from 0 to 1",
    "middle": "an emotion, and how strong it may be, from 0 to 1",
    "end": "an emotion, and how strong it may be, from 0 to 1",
}


@dataclass(frozen=True, slots=True)
class ScaffoldField:
    """A field."""

    name: str
    label: str
    hint: str
    form: Form
    values: tuple[str, ...]
    """Its text; the lines of a list; emotion, least and most of a feeling."""
    rows: int
    """How high it is."""
    choices: tuple[Choice, ...] = ()

    @property
    def text(self) -> str:
        """What one field of a form holds."""
        return "\n".join(self.values)


def fields_of(kind: ScaffoldKind, content: Mapping[str, Any]) -> tuple[ScaffoldField, ...]:
    """The fields with what a version says."""
    return tuple(_field(name, form, _values(form, content.get(name)), of) for name, form, of in _forms(kind))


def fields_again(kind: ScaffoldKind, sent: Mapping[str, str]) -> tuple[ScaffoldField, ...]:
    """The fields as they were typed a moment ago."""
    return tuple(_field(name, form, _sent(name, form, sent), of) for name, form, of in _forms(kind))


def content_of(kind: ScaffoldKind, sent: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, as the fields of a scaffold; whether they can be is looked at where it is saved."""
    content: dict[str, Any] = {}
    for name, form, _of in _forms(kind):
        values = _sent(name, form, sent)
        if form == "list":
            content[name] = [value.strip() for value in values if value.strip()]
        elif form == "feeling":
            emotion, *bounds = (value.strip() for value in values)
            content[name] = {"emotion": emotion, **dict(zip(_FEELING[1:], map(_number, bounds), strict=True))}
        elif form == "number":
            content[name] = _number(values[0].strip())
        else:
            content[name] = "\n".join(values)
    return content | ({"arc": None} if content.get("arc") == "" else {})


def _forms(kind: ScaffoldKind) -> Iterator[tuple[str, Form, Sequence[str]]]:
    """Name and form of each field, and what may be chosen."""
    for name, field in KINDS[kind].model_fields.items():
        if name in _OWN:
            continue
        if get_origin(field.annotation) is Literal:
            yield name, "choice", get_args(field.annotation)
        elif field.annotation is Feeling:
            yield name, "feeling", ()
        elif field.annotation is int:
            yield name, "number", ()
        elif get_origin(field.annotation) is tuple:
            yield name, "list", ()
        else:
            yield name, "line" if name in _LINES else "text", ()


def _field(name: str, form: Form, values: tuple[str, ...], of: Sequence[str]) -> ScaffoldField:
    """The field. A choice has what it is even where that is none of the choices."""
    hint = _HINTS.get(name, "one a line" if form == "list" else "")
    label = _LABELS.get(name, name.replace("_", " ").capitalize())
    choices = tuple(Choice(each, each.replace("_", " "), each == values[0]) for each in of)
    return ScaffoldField(name, label, hint, form, values, _rows(form, values), choices)


def _values(form: Form, value: Any) -> tuple[str, ...]:
    if form == "list":
        return tuple(map(str, value or ()))
    if form == "feeling":
        told = value or {}
        return tuple(str(told.get(name, "")) for name in _FEELING)
    return ("" if value is None else str(value),)


def _sent(name: str, form: Form, sent: Mapping[str, str]) -> tuple[str, ...]:
    """Browsers send lines that end as on paper tape; they end as they did before."""
    if form == "feeling":
        return tuple(sent.get(f"{name}-{part}", "") for part in _FEELING)
    text = sent.get(name, "").replace("\r\n", "\n")
    return tuple(text.split("\n")) if form == "list" else (text,)


def _number(text: str) -> float | int | str:
    """The number that a text is, else the text, which is then refused in words."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _rows(form: Form, values: Sequence[str]) -> int:
    lines = [line for value in values for line in value.split("\n")]
    return min(24, max(2, sum(len(line) // 90 + 1 for line in lines) + (form == "list")))
