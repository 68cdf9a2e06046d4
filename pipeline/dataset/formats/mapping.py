"""A format that a person describes: where a row keeps its conversation, and what its roles are called.

The description is a small JSON or TOML file; `docs/formats.md` shows it. Fields are named by paths, such as
`data.messages`; a field whose own name holds a dot cannot be named.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pipeline.dataset.formats.mapped_rows import AUTO, AUTO_MAPPED, CUSTOM, Mapped
from pipeline.dataset.formats.rows.chat import Chat
from pipeline.dataset.formats.rows.format import Format
from pipeline.dataset.formats.rows.message_lists import ALIASES, Keys
from pipeline.dataset.model.conversation import KNOWN_ROLES
from pipeline.errors import UsageError
from pipeline.state.catalog.dataset_records import NO_MAPPING

OPTION = "--mapping"  # what messages call it, where a caller has no other name for it
FieldPath = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]


class Mapping(BaseModel):
    """What a mapping file may say. Either turns (a list of messages), or prompt and answer (fields of the row)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: FieldPath | None = None
    """Path of the list."""
    role: Annotated[str, Field(min_length=1)] = "role"
    """The names of a message's fields."""
    content: Annotated[str, Field(min_length=1)] = "content"
    """The names of a message's fields."""
    prompt: FieldPath | None = None
    """Paths of texts."""
    answer: FieldPath | None = None
    """Paths of texts."""
    system: FieldPath | None = None
    """Paths of texts."""
    history: FieldPath | None = None
    """Path of pairs of earlier questions and answers."""
    id: FieldPath | None = None
    """Path of the row's own name."""
    roles: dict[str, str] = {}
    """What the file's roles mean."""

    @model_validator(mode="after")
    def _is_one_shape(self) -> Self:
        if (self.turns is None) == (self.prompt is None) or (self.prompt is None) != (self.answer is None):
            raise ValueError("expected either turns, or both prompt and answer")
        if self.history is not None and self.turns is not None:
            raise ValueError("history: expected prompt and answer beside it, found turns")
        if unknown := sorted(set(self.roles.values()) - set(KNOWN_ROLES)):
            raise ValueError(f"roles: expected values among {', '.join(KNOWN_ROLES)}, found {', '.join(unknown)}")
        return self


def stored_mapping(said: str) -> str:
    """What a person says of the fields, as it is kept: auto, or one line of JSON. said: auto, JSON, or a file's path.

    Raises:
        UsageError: the file cannot be read, or it does not describe a format.
    """
    said = said.strip()
    return AUTO if said == AUTO else _read(said, OPTION).model_dump_json(exclude_defaults=True)


def mapped_format(said: str, name: str = OPTION) -> Format:
    """The format that a mapping describes. said: as for `stored_mapping`. name: what it is called where it was said.

    Raises:
        UsageError: the file cannot be read, or it does not describe a format.
    """
    said = said.strip()
    return AUTO_MAPPED if said == AUTO else format_of(_read(said, name))


def checked_mapping(said: str | None, max_characters: int) -> str | None:
    """The same as `stored_mapping` of what came over the network, which names no file; None for none, or
    where nothing is said.

    Raises:
        UsageError: it does not describe a format, or is longer than any that does.
    """
    said = (said or "").strip()
    if said in ("", NO_MAPPING):
        return None
    if said == AUTO:
        return AUTO
    if len(said) > max_characters:
        raise UsageError(f"mapping: expected at most {max_characters:,} characters, found {len(said):,}")
    if not said.startswith("{"):
        raise UsageError(
            f'mapping: expected {AUTO}, or a JSON object such as {{"prompt": "request", "answer": "reply"}}, '
            f"or {NO_MAPPING}"
        )
    return _decoded(said, "mapping").model_dump_json(exclude_defaults=True)


def _read(said: str, name: str) -> Mapping:
    return _decoded(said, name) if said.startswith("{") else _loaded(Path(said), name)


def _decoded(said: str, name: str) -> Mapping:
    try:
        value = msgspec.json.decode(said)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UsageError(f"{name}: expected {AUTO}, a file or JSON, found text that is no JSON: {error}") from error
    return _validated(value, f"{name}: the mapping")


def _loaded(path: Path, name: str) -> Mapping:
    try:
        text = path.read_bytes()
        value = tomllib.loads(text.decode()) if path.suffix == ".toml" else msgspec.json.decode(text)
    except OSError as error:
        raise UsageError(f"{name}: {path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{name}: expected JSON or TOML in {path}, found neither: {error}") from error
    return _validated(value, f"{name}: {path}")


def _validated(value: object, where: str) -> Mapping:
    try:
        return Mapping.model_validate(value)
    except ValidationError as error:
        faults = "; ".join(_fault(each["loc"], each["msg"]) for each in error.errors())
        known = ", ".join(Mapping.model_fields)
        raise UsageError(f"{where}: {faults}. Known fields: {known}.") from error


def _fault(place: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {text}" if place else text


def format_of(mapping: Mapping) -> Format:
    """The format; one of plain names at the top of the row has the quick reader of all chats."""
    aliases = {**ALIASES, **mapping.roles}
    keys = Keys(mapping.role, mapping.content, tuple(aliases.items()))
    paths = [path for path in (mapping.turns, mapping.id) if path]
    if mapping.turns and not mapping.system and all("." not in path for path in paths):
        title = f"a mapping: {mapping.turns} of {mapping.role} and {mapping.content}"
        return Chat(CUSTOM, title, mapping.turns, keys, (mapping.id or "id",))
    return Mapped(keys, mapping.turns, mapping.prompt, mapping.answer, mapping.system, mapping.id, mapping.history)
