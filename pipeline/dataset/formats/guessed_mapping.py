"""Finds the mapping that fits rows of no known format, where their fields are named so that no other can be meant.

A question and its answer, with what a person may have put beside them; or a list of messages under names of its own.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.dataset.formats.mapped_rows import find
from pipeline.dataset.formats.rows.message_lists import ALIASES
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.dataset.model.json_text import Json

if TYPE_CHECKING:
    from pipeline.dataset.formats.mapping import Mapping

# What people call the roles, without case, blanks and underscores.
ROLE_WORDS = {
    **{name.replace("_", ""): role for name, role in ALIASES.items()},
    **{role: role for role in KNOWN_ROLES},
    **dict.fromkeys(("customer", "client", "visitor", "caller", "patient", "student", "asker"), "user"),
    **dict.fromkeys(
        ("agent", "ai", "chatbot", "llm", "support", "operator", "doctor", "tutor", "teacher"), "assistant"
    ),
}
# By how likely the pair is meant; compared without case, blanks and underscores.
_PAIRS = (
    ("question", "answer"),
    ("question", "response"),
    ("query", "response"),
    ("query", "answer"),
    ("problem", "solution"),
    ("problem", "generatedsolution"),
    ("problem", "answer"),
    ("instruction", "output"),
    ("instruction", "response"),
    ("instruction", "answer"),
    ("instruction", "completion"),
    ("input", "output"),
    ("input", "response"),
    ("input", "target"),
    ("inputs", "targets"),
    ("source", "target"),
    ("user", "assistant"),
    ("human", "assistant"),
    ("human", "gpt"),
    ("human", "bot"),
    ("prompt", "answer"),
    ("prompt", "output"),
    ("prompt", "reply"),
    ("request", "reply"),
    ("request", "response"),
    ("context", "response"),
    ("message", "reply"),
    ("q", "a"),
)
# Texts beside a question that belong to it, and that no mapping has a place for.
_ASKED_WITH = (
    "context",
    "passage",
    "document",
    "documents",
    "background",
    "article",
    "knowledge",
    "instruction",
    "input",
)
_CHOICES = ("choices", "options", "contexts", "documents")  # lists beside a question that belong to it
_SYSTEM = ("system", "systemprompt", "systemmessage", "sysprompt")
_HISTORY = ("history", "chathistory")
_IDS = ("id", "uuid", "key", "conversationid", "dialogueid", "sampleid", "rowid")
_ROLE = ("role", "from", "speaker", "author", "sender", "who", "name", "type")
_CONTENT = ("content", "value", "text", "message", "utterance", "says", "body", "msg", "say")
_SAMPLED_ROWS = 200
_LEAST_SHARE = 0.9
_NAMEABLE = re.compile(r"[^.\s\\\"']+")
_MOST_DEPTH = 2


def guessed_mapping(rows: Sequence[Json]) -> "Mapping | None":
    """The mapping by which nearly all of the rows can be read; None where there is none, or nobody can say."""
    objects = [row for row in rows[:_SAMPLED_ROWS] if isinstance(row, dict)]
    if not objects or len(objects) < _LEAST_SHARE * len(rows[:_SAMPLED_ROWS]):
        return None
    for path, owner in _owners(objects[0]):
        found = _pair(path, owner, objects) or _messages(path, owner, objects)
        if found is not None:
            return found
    return None


def mapping_text(mapping: "Mapping") -> str:
    """The mapping as JSON that the option takes; no quote that a shell would mind stands in it."""
    return json.dumps(mapping.model_dump(exclude_defaults=True), ensure_ascii=False)


def _mapping(**said: Any) -> "Mapping":
    from pipeline.dataset.formats.mapping import Mapping  # pydantic: most files need none

    return Mapping(**said)


def _owners(row: dict[str, Json], path: str = "", depth: int = 1) -> Iterator[tuple[str, dict[str, Json]]]:
    """The row and the objects in it, with their paths."""
    yield path, row
    for name, value in row.items():
        if depth < _MOST_DEPTH and isinstance(value, dict) and _NAMEABLE.fullmatch(name):
            yield from _owners(value, f"{path}{name}.", depth + 1)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _named(owner: dict[str, Json], kind: type) -> dict[str, str]:
    """Fields of a type by their plain name."""
    named = {
        _plain(name): name for name, value in owner.items() if isinstance(value, kind) and _NAMEABLE.fullmatch(name)
    }
    return {plain: name for plain, name in named.items() if plain}


def _fields(rows: list[dict[str, Json]], path: str, kind: type) -> dict[str, str]:
    """Fields of a type in any of the rows, or of the objects at a path in them, by their plain name."""
    owners = (find(row, path[:-1]) if path else row for row in rows)
    return {plain: name for owner in owners if isinstance(owner, dict) for plain, name in _named(owner, kind).items()}


def _pair(path: str, owner: dict[str, Json], rows: list[dict[str, Json]]) -> "Mapping | None":
    texts = _named(owner, str)
    pair = next((names for names in _PAIRS if texts.keys() >= set(names)), None)
    if pair is None:
        return None
    asked_with = _fields(rows, path, str)
    named = (asked_with[name] for name in _ASKED_WITH if name in asked_with and name not in pair)
    if any(_says_something(rows, f"{path}{name}") for name in named):
        return None
    prompt, answer = (f"{path}{texts[name]}" for name in pair)
    if not (_is_in_most(rows, prompt, str) and _is_in_most(rows, answer, str)):
        return None
    choices = _fields(rows, path, list) | _fields(rows, path, dict)
    if any(_says_something(rows, f"{path}{choices[name]}") for name in _CHOICES if name in choices):
        return None
    lists = _named(owner, list)
    history = next((f"{path}{lists[name]}" for name in _HISTORY if name in lists), None)
    return _mapping(
        prompt=prompt,
        answer=answer,
        system=_first(path, texts, _SYSTEM),
        history=history if history and _are_pairs(rows, history) else None,
        id=_first("", _named(rows[0], str) | _named(rows[0], int), _IDS),
    )


def _first(path: str, named: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((f"{path}{named[name]}" for name in wanted if name in named), None)


def _is_in_most(rows: list[dict[str, Json]], path: str, kind: type) -> bool:
    return sum(isinstance(find(row, path), kind) for row in rows) >= _LEAST_SHARE * len(rows)


def _says_something(rows: list[dict[str, Json]], path: str) -> bool:
    return any(find(row, path) for row in rows)


def _are_pairs(rows: list[dict[str, Json]], path: str) -> bool:
    """Whether the lists hold pairs of texts; an empty one says nothing."""
    lists = [value for row in rows if isinstance(value := find(row, path), list)]
    return all(isinstance(pair, list) and len(pair) == 2 for listed in lists for pair in listed)


def _messages(path: str, owner: dict[str, Json], rows: list[dict[str, Json]]) -> "Mapping | None":
    for name, value in owner.items():
        if not (isinstance(value, list) and value and isinstance(value[0], dict) and _NAMEABLE.fullmatch(name)):
            continue
        turns = f"{path}{name}"
        texts = _named(value[0], str)
        role = next((texts[each] for each in _ROLE if each in texts), None)
        content = next((texts[each] for each in _CONTENT if each in texts and texts[each] != role), None)
        if role is None or content is None or not _is_in_most(rows, turns, list):
            continue
        said = {each for row in rows for each in _roles(find(row, turns), role)}
        words = {each: ROLE_WORDS.get(_plain(each)) for each in said}
        if said and all(words.values()) and "assistant" in words.values():  # else the answer is somewhere else
            roles = {each: word for each, word in sorted(words.items()) if word is not None and each != word}
            identity = _first("", _named(rows[0], str), _IDS)
            return _mapping(turns=turns, role=role, content=content, roles=roles, id=identity)
    return None


def _roles(listed: Json, key: str) -> Iterator[str]:
    for message in listed if isinstance(listed, list) else []:
        role = message.get(key) if isinstance(message, dict) else None
        if isinstance(role, str):
            yield role
