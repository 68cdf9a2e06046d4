"""Chats of Human and Assistant in one text: who speaks is told by marks, and what stands between two is said."""

import re

_ROLES = {"Human": "user", "Assistant": "assistant"}


def said_in_turn(mark: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """Role and content of each turn, byte for byte; mark: names the speaker in its only group.

    Empty where the text does not begin with a mark, or the two do not speak in turn, the user first.
    """
    before, *said = mark.split(text)
    turns = [(_ROLES[name], content) for name, content in zip(said[::2], said[1::2], strict=True)]
    is_in_turn = all(role == ("user", "assistant")[place % 2] for place, (role, _) in enumerate(turns))
    return turns if not before and is_in_turn else []
