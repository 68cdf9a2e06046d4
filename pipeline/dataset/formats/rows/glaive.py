"""Glaive's format (function calling v2): a conversation as one text, in which USER and ASSISTANT speak."""

import re
from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.message_lists import optional_text
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import STRICT, Json, decoded, encoded

_ROLES = {"USER": "user", "ASSISTANT": "assistant", "FUNCTION RESPONSE": "tool"}
_SPEAKER = re.compile(r"(?:\A|\n)[ \t]*(USER|ASSISTANT|FUNCTION RESPONSE):")
_CALL = re.compile(r"<functioncall>(.*)", re.DOTALL)
# Its calls are no JSON: the arguments are JSON within single quotes.
_ARGUMENTS = re.compile(r"""\{\s*"name":\s*("(?:[^"\\]++|\\.)*+")\s*,\s*"arguments":\s*'(.*)'\s*\}\s*""", re.DOTALL)
_END = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class Glaive(FieldFormat):
    """All turns lie in one text, so that the quick reader has no shape of it."""

    name: str = "glaive"
    title: str = "Glaive: a chat as text of USER and ASSISTANT"
    example: str = '{"system": "SYSTEM: Be kind.", "chat": "USER: Hello\\n\\n\\nASSISTANT: Hi!"}'
    becomes: str = (
        "the turns that the text names, without `<|endoftext|>`; the functions in `system` become tools, "
        "a `<functioncall>` a tool call, a FUNCTION RESPONSE a turn of the tool"
    )

    def fits(self, row: Json) -> bool:
        """Whether it has such a text."""
        chat = row.get("chat") if isinstance(row, dict) else None
        return isinstance(chat, str) and _SPEAKER.search(chat) is not None

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The system's turn, then those in the text."""
        if (fields := as_object(row, faults)) is None:
            return None
        system, tools = _system(optional_text(fields, "system", "$", faults) or "")
        turns = [FullTurn("system", system, "$.system", False)] if system else []
        chat = field(fields, "chat", str, "$", faults)
        check_nul(chat, "$.chat", faults)
        if isinstance(chat, str):
            turns += _turns_of(chat, faults)
        declared = encoded(tools) if tools else None
        return FullConversation(identity_of(fields, IDENTITIES), turns, declared, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: the turns are found in a text."""
        return ()


def _system(text: str) -> tuple[str, list[Json]]:
    """The system's words, and the functions that follow them."""
    said = text.strip().removeprefix("SYSTEM:").strip()
    at = said.find("{")
    tools: list[Json] = []
    place = at
    while 0 <= place < len(said):
        try:
            value, end = STRICT.raw_decode(said, place)
        except (ValueError, RecursionError):
            return said, []
        if decoded(said[place:end]) is None:  # half a character, or a number that no double holds
            return said, []
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return said, []
        tools.append({"type": "function", "function": value})
        place = end
        while place < len(said) and said[place] in " \t\r\n,":
            place += 1
    return (said[:at].rstrip(" \t\r\n-") if tools else said), tools


def _turns_of(chat: str, faults: Faults) -> list[FullTurn]:
    marks = list(_SPEAKER.finditer(chat))
    if not marks or chat[: marks[0].start()].strip():
        faults.add("wrong-type", "$.chat", "a text that begins with USER: or ASSISTANT:", "other text")
        return []
    turns: list[FullTurn] = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        said = chat[mark.end() : after.start() if after else len(chat)].strip().removesuffix(_END).strip()
        role, calls = _ROLES[mark[1]], None
        if role == "assistant" and (found := _CALL.search(said)):
            calls, said = _call(found[1].strip()), said[: found.start()].strip()
            if calls is None:
                faults.add("malformed-tool-call", "$.chat", "a call of name and arguments", "other text")
        turns.append(FullTurn(role, said, "$.chat", role == "assistant", tool_calls=calls))
    return turns


def _call(text: str) -> str | None:
    """OpenAI's tool_calls, as JSON text; None where the text is no call."""
    if found := _ARGUMENTS.fullmatch(text):
        name, arguments = decoded(found[1]), found[2]
    else:
        value = decoded(text)
        name = value.get("name") if isinstance(value, dict) else None
        given = value.get("arguments", {}) if isinstance(value, dict) else {}
        arguments = given if isinstance(given, str) else encoded(given)
    if not isinstance(name, str):
        return None
    return encoded([{"type": "function", "function": {"name": name, "arguments": arguments}}])


GLAIVE = Glaive()
