"""What can be mended without asking anybody, by the code of the finding; every other finding only a person can decide.

A remedy is safe when no reader could mean anything else by it. Judgements (preferences, KTO) compare texts exactly as
they are written, so their texts and turns stay as they are.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.dataset.formats.rows.call_rows import CALL_ROLES
from pipeline.dataset.formats.rows.chat import SHAREGPT_KEYS, Chat
from pipeline.dataset.formats.rows.declared import Declared
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.message_lists import ALIASES
from pipeline.dataset.mend.json_style import read_row
from pipeline.dataset.mend.mend_places import Place, place_of
from pipeline.dataset.model.conversation import KNOWN_ROLES, TEXT_ROLE, FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json, decoded
from pipeline.dataset.model.tool_calls import function_of

WHITE = " \t\n\r\x0b\x0c"
_ROLE_KEYS = ("role", "from", "speaker")
_PLAIN_FIELDS = {*_ROLE_KEYS, "content", "value", "utterance", "text", "weight", "loss_weight"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is being mended: its value, which remedies change in place, and what its format reads in it."""

    value: Json
    conversation: FullConversation
    form: Format

    @property
    def is_judgement(self) -> bool:
        """Whether the row compares or judges answers."""
        return self.conversation.label is not None or any(turn.branch for turn in self.conversation.turns)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends a fault, and how it is told."""

    action: str
    """What was done, for the record of changes."""
    sentence: str
    """What is done and when, for people."""
    mend: Callable[[Row], bool] | None = None
    """Changes a row, and says whether it did; None where lines or the whole file are mended, not rows."""


def _mend_roles(row: Row) -> bool:
    """Roles that are another format's name for one, or differ in case or white space only."""
    is_changed = False
    for turn in row.conversation.turns:
        place = place_of(row.value, turn.path)
        if turn.role in (*KNOWN_ROLES, TEXT_ROLE) or place is None or place.message is None:
            continue
        key = next((name for name in _ROLE_KEYS if place.message.get(name) == turn.role), None)
        if key and (role := known_spelling(turn.role, _aliases(row.form, key))):
            place.message[key] = role
            is_changed = True
    return is_changed


def known_spelling(role: str, aliases: Mapping[str, str]) -> str | None:
    """How a role is meant to be written; None where that is not plain. aliases: what roles are called in the format."""
    plain = role.strip().lower()
    meanings = {meaning for alias, meaning in aliases.items() if alias.lower() == plain}
    if plain in KNOWN_ROLES:
        meanings.add(plain)
    if len(meanings) > 1:
        return None  # such as "System" among dialogues, whose SYSTEM is the assistant
    if plain in KNOWN_ROLES or plain in aliases or (aliases and plain in CALL_ROLES):
        return plain
    return next((alias for alias in aliases if alias.lower() == plain), ALIASES.get(plain))


def _aliases(form: Format, key: str) -> dict[str, str]:
    if isinstance(form, Chat):
        return dict(form.keys.aliases)
    return dict(SHAREGPT_KEYS.aliases) if key == SHAREGPT_KEYS.role else {}


def _decode_arguments(row: Row) -> bool:
    """Arguments that are the JSON of a string that is the JSON of an object."""
    places = [place_of(row.value, turn.path) for turn in row.conversation.turns if turn.tool_calls]
    return sum(_decode_calls(place) for place in places if place and place.message is not None) > 0


def _decode_calls(place: Place) -> bool:
    message = place.message or {}
    calls = message.get("tool_calls") or [message.get("function_call")]
    is_changed = sum(map(_decode_once, calls if isinstance(calls, list) else [])) > 0
    if is_changed or message.get(SHAREGPT_KEYS.role, message.get("role")) not in CALL_ROLES:
        return is_changed
    value = read_row(str(place.content))  # the turn's text is the call
    if sum(map(_decode_once, value if isinstance(value, list) else [value])):
        place.put(json.dumps(value, ensure_ascii=False))
        return True
    return False


def _decode_once(call: Json) -> bool:
    function = function_of(call)
    if function is None:
        return False
    twice = function.get("arguments")
    once = decoded(twice) if isinstance(twice, str) else None
    if not isinstance(once, str) or not isinstance(decoded(once), dict):
        return False
    function["arguments"] = once
    return True


def _remove_empty_end(row: Row) -> bool:
    """A last turn without a word, as long as an answer remains."""
    last = row.conversation.turns[-1]
    return not last.content.split() and not last.tool_calls and _remove_last(row, last)


def _remove_unanswered_end(row: Row) -> bool:
    """A last turn by the user, as long as an answer remains."""
    last = row.conversation.turns[-1]
    return last.role == "user" and not last.is_supervised and _remove_last(row, last)


def _remove_last(row: Row, last: FullTurn) -> bool:
    """Remove the last turn, if it is a message like any other after an answer."""
    place = place_of(row.value, last.path)
    if row.is_judgement or place is None or place.message is None or place.messages is None:
        return False
    says_more = last.parts is not None or not place.message.keys() <= _PLAIN_FIELDS
    is_last = place.index == len(place.messages) - 1 > 0
    if says_more or not is_last or not any(map(_is_answer, row.conversation.turns[:-1])):
        return False
    place.messages.pop()
    return True


def _is_answer(turn: FullTurn) -> bool:
    return turn.role == "assistant" and bool(turn.content.split() or turn.tool_calls)


def _trim_answers(row: Row) -> bool:
    """White space at the edges of answers; texts that are joined to a prompt as they are keep theirs."""
    return not row.is_judgement and sum(map(_trim, _answers(row))) > 0


def _answers(row: Row) -> Iterator[Place]:
    for turn in row.conversation.turns:
        place = place_of(row.value, turn.path) if turn.is_supervised and turn.content.split() else None
        if place is not None and (place.message is not None or _are_apart(row.form)):
            yield place


def _are_apart(form: Format) -> bool:
    """Whether the row's fields are turns of their own; an answer that continues its prompt keeps its white space."""
    return isinstance(form, Declared) and all(part.is_learned is None for part in form.parts)


def _trim(place: Place) -> bool:
    content = place.content
    if isinstance(content, list) and len(content) == 1 and isinstance(part := content[0], dict):
        return sum(_trim(Place(part, key)) for key in ("text", "value") if key in part) > 0
    if not isinstance(content, str) or (trimmed := _trimmed(content)) == content:
        return False
    place.put(trimmed)
    return True


def _trimmed(text: str) -> str:
    """Without white space at the edges; the indentation of a first line of code stays."""
    lines = [line for line in text.splitlines() if line.strip(WHITE)]
    is_code = len(lines) > 1 and lines[0].startswith(("    ", "\t"))
    return text.rstrip(WHITE) if is_code else text.strip(WHITE)


REMEDIES: dict[str, Remedy] = {
    "malformed-json": Remedy(
        "written as JSON",
        "A line that can only mean whole rows is written so: without a comma behind the row, trailing commas, one "
        "closing bracket too many, no-break spaces and the prefix `data:`; rows that share a line get one each; raw "
        "control characters are escaped; NaN becomes null where the field may be empty. Fences of code, comments and "
        "other lines without a row are put aside.",
    ),
    "not-an-object": Remedy("rows taken out of their list", "Rows of a list on a line get a line each."),
    "byte-order-mark": Remedy("byte order mark removed", "The byte order mark is removed."),
    "blank-line": Remedy("put aside", "The line is put aside."),
    "no-final-newline": Remedy("newline added", "A newline is added, if the last line is a whole conversation."),
    "unknown-role": Remedy(
        "role written as trainers know it",
        "A role that is another format's name for one (human, gpt), or differs in case or white space, is written as "
        "the file's format has it.",
        _mend_roles,
    ),
    "double-encoded-arguments": Remedy(
        "arguments decoded once",
        "Arguments that are an object's JSON after one decoding are decoded once.",
        _decode_arguments,
    ),
    "empty-content": Remedy(
        "empty turns at the end removed",
        "Empty turns at the end are removed, as long as an answer remains before them; not in preferences and KTO.",
        _remove_empty_end,
    ),
    "last-turn-not-assistant": Remedy(
        "turns of the user at the end removed",
        "Turns of the user after the last answer are removed; not in preferences and KTO.",
        _remove_unanswered_end,
    ),
    "white-space-at-edges": Remedy(
        "answers trimmed",
        "Answers of chats and of Alpaca are trimmed; texts that follow a prompt as they stand, judgements, and code "
        "whose first line is indented keep their white space.",
        _trim_answers,
    ),
    "duplicate-conversation": Remedy("put aside", "The first stays, the line is put aside."),
    "duplicate-conversation-id": Remedy(
        "id made unique", "The first keeps the id, the others get a number after it; ids that are numbers stay."
    ),
}
