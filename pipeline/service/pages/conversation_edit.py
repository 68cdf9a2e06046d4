"""The form that edits a made conversation: its fields, and the edit that it says.

Turns are fields in their order; one that is emptied is left out, and two empty ones at the end may be filled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from pipeline.contract.conversation_values import MAX_NOTE_CHARACTERS, MAX_TURNS, ConversationDetails, ConversationEdit
from pipeline.errors import UsageError
from pipeline.service.pages.forms import count_of_field

MAX_VERSION = 2**31 - 1
_ROLES = ("user", "assistant")
_MOST_FIELDS = MAX_TURNS + len(_ROLES)


@dataclass(frozen=True, slots=True)
class TurnField:
    """A turn to be edited;"""

    number: int
    role: str
    content: str
    rows: int
    """How high its field is."""
    is_new: bool
    """It is not there yet."""


@dataclass(frozen=True, slots=True)
class EditForm:
    """The fields, as they are or were typed."""

    version: int
    """The one that was read."""
    title: str
    system: str
    turns: tuple[TurnField, ...]
    note: str


def form_of(found: ConversationDetails) -> EditForm:
    """The fields, as the conversation is."""
    turns = [(turn.role, turn.content) for turn in found.turns]
    return EditForm(found.version, found.title, found.system, _fields(turns), "")


def form_again(found: ConversationDetails, sent: Mapping[str, str]) -> EditForm:
    """The fields, as they were sent a moment ago."""
    version = count_of_field(sent.get("version", ""), MAX_VERSION) or found.version
    title, system = sent.get("title", found.title), sent.get("system", found.system)
    return EditForm(version, title, system, _fields(_turns(sent)), sent.get("note", ""))


def edit_of(sent: Mapping[str, str]) -> ConversationEdit:
    """The edit that a form says. Browsers send lines that end as on paper tape; they end as they did before.

    Raises:
        UsageError: a value is missing or too long; names each.
    """
    note = _plain(sent.get("note", "")).strip()
    values = {
        "version": count_of_field(sent.get("version", ""), MAX_VERSION) or 0,
        "title": _plain(sent.get("title", "")),
        "system": _plain(sent.get("system", "")),
        "turns": [{"role": role, "content": content} for role, content in _turns(sent)],
        "note": note[:MAX_NOTE_CHARACTERS] or None,
    }
    try:
        return ConversationEdit.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise UsageError(faults) from None


def _turns(sent: Mapping[str, str]) -> list[tuple[str, str]]:
    """Roles and texts of the turns that have one."""
    found = []
    for number in range(1, _MOST_FIELDS + 1):
        if (role := sent.get(f"role-{number}")) is None:
            break
        if text := _plain(sent.get(f"turn-{number}", "")).strip():
            found.append((role, text))
    return found


def _fields(turns: Sequence[tuple[str, str]]) -> tuple[TurnField, ...]:
    there = [TurnField(at, role, content, _rows(content), is_new=False) for at, (role, content) in enumerate(turns, 1)]
    more = [TurnField(len(turns) + at, role, "", 2, is_new=True) for at, role in enumerate(_ROLES, 1)]
    return (*there, *more)


def _rows(content: str) -> int:
    """As many lines as it has at some eighty signs each."""
    return min(20, sum(len(line) // 80 + 1 for line in content.split("\n")) + 1)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
