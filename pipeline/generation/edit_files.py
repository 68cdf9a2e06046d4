"""A file in which a person changed a conversation: a raw download, with the system prompt where that changes."""

from typing import Literal

import msgspec

from pipeline.errors import UsageError


class EditedTurn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A turn as it is to be."""

    role: Literal["user", "assistant"]
    content: str
    turn_number: int | None = None
    """For the eye; the order is that of the file."""


class EditedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file says; None leaves what there is."""

    title: str | None = None
    system: str | None = None
    turns: tuple[EditedTurn, ...] | None = None
    conversation_id: str | None = None
    """Which one was read, if it says so."""
    version: int | None = None
    """Which one was read, if it says so."""


def read_edited_file(content: bytes, name: str) -> EditedFile:
    """Read the file. name: for messages.

    Raises:
        UsageError: it is no JSON, or has something else than it may; names the place.
    """
    try:
        return msgspec.json.decode(content, type=EditedFile)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{name}: expected a conversation as `conversations export --raw` has it, found: {error}"
        ) from None
