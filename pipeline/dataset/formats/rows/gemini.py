"""Gemini's format: contents of role and parts, as Vertex AI tunes on them; calls and results are parts, too."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of, part_of
from pipeline.dataset.formats.rows.call_rows import read_call
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.message_lists import Keys, require_turns
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Segment, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json, encoded

_KEYS = Keys("role", "parts", (("model", "assistant"),))
_SYSTEM = ("systemInstruction", "system_instruction")


@dataclass(frozen=True, slots=True)
class Gemini:
    """Contents of role and parts; the system's words beside them."""

    name: str = "gemini"
    title: str = "Gemini: contents of role and parts"
    example: str = (
        '{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}, {"role": "model", "parts": [{"text": "Hi!"}]}]}'
    )
    becomes: str = (
        "its turns, `model` as assistant and `systemInstruction` first; the texts of parts are joined, those of "
        "`thought` as reasoning; other parts are kept; a `functionCall` becomes a tool call, a `functionResponse` a "
        "turn of the tool"
    )

    @property
    def layout(self) -> Layout:
        """Paths of the row's fields."""
        return Layout("$.contents", ".role", ".parts", f"$.{IDENTITIES[0]}")

    def fits(self, row: Json) -> bool:
        """Whether it has contents, and the first of them parts."""
        listed = row.get("contents") if isinstance(row, dict) else None
        first = listed[0] if isinstance(listed, list) and listed else None
        return isinstance(first, dict) and "parts" in first

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The system's turn, then those of the contents."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns: list[FullTurn] = []
        for name in _SYSTEM:
            if isinstance(fields.get(name), dict):
                turns += _turns_of(fields[name], f"$.{name}", faults, role="system")
            elif fields.get(name) is not None:
                field(fields, name, dict, "$", faults)
        listed = field(fields, "contents", list, "$", faults)
        require_turns(listed, "$.contents", faults)
        for index, content in enumerate(listed if isinstance(listed, list) else []):
            turns += _turns_of(content, f"$.contents[{index}]", faults)
        return FullConversation(
            identity_of(fields, IDENTITIES), turns, _tools_of(fields, faults), media=media_of(fields)
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Contents of one part of text each."""
        turns = Segment("contents", keys=_KEYS, text_part="text", weights=())
        return (Shape((turns,), silent=(), null=("tools", *_SYSTEM)),)


def _turns_of(content: Json, path: str, faults: Faults, role: str = "") -> Iterator[FullTurn]:
    """What a content says, with its calls, and a turn for each result in it. role: whatever the content names."""
    if not isinstance(content, dict):
        faults.add("turn-not-an-object", path, "an object", name_of(content))
        return
    said = role or field(content, "role", str, path, faults)
    check_nul(said, f"{path}.role", faults)
    parts = field(content, "parts", list, path, faults)
    texts: list[str] = []
    thoughts: list[str] = []
    others: list[Json] = []
    calls: list[Json] = []
    results: list[FullTurn] = []
    for index, part in enumerate(parts if isinstance(parts, list) else []):
        place = f"{path}.parts[{index}]"
        if not isinstance(part, dict):
            faults.add("wrong-type", place, "an object", name_of(part))
        elif "text" in part:
            text = field(part, "text", str, place, faults)
            check_nul(text, f"{place}.text", faults)
            (thoughts if part.get("thought") is True else texts).append(text if isinstance(text, str) else "")
        elif "functionCall" in part:
            calls.append(read_call(part["functionCall"], "args", f"{place}.functionCall", faults))
        elif "functionResponse" in part:
            results.append(_result(part["functionResponse"], f"{place}.functionResponse", faults))
        else:
            others.append(part_of(part))
    if texts or thoughts or others or calls or not results:
        spoken = "assistant" if said == "model" else str(said or "")
        said_first: list[Json] = [{"type": "text", "text": text} for text in texts]
        yield FullTurn(
            spoken,
            "".join(texts),
            f"{path}.parts",
            spoken == "assistant",
            tool_calls=encoded(calls) if calls else None,
            parts=encoded([*said_first, *others]) if others else None,
            reasoning="".join(thoughts) or None,
        )
    yield from results


def _result(result: Json, path: str, faults: Faults) -> FullTurn:
    """A turn of the tool: its answer is JSON text."""
    if not isinstance(result, dict):
        faults.add("wrong-type", path, "an object", name_of(result))
        result = {"name": ""}
    name = field(result, "name", str, path, faults)
    check_nul(name, f"{path}.name", faults)
    return FullTurn("tool", encoded(result.get("response")), path, False, name=name if isinstance(name, str) else None)


def _tools_of(row: dict[str, Json], faults: Faults) -> str | None:
    """The declarations of functions in OpenAI's shape, as JSON text; None without any."""
    if row.get("tools") is None:
        return None
    declared: list[Json] = []
    listed = field(row, "tools", list, "$", faults)
    for tool in listed if isinstance(listed, list) else []:
        functions = tool.get("functionDeclarations") if isinstance(tool, dict) else None
        for function in functions if isinstance(functions, list) else []:
            declared.append({"type": "function", "function": function})
    return encoded(declared) if declared else None


GEMINI = Gemini()
