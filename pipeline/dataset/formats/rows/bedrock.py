"""Bedrock's format: messages whose content is a list of blocks without a type, as Converse and Nova take them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of, part_of, reasoning_text
from pipeline.dataset.formats.rows.call_rows import read_call
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.message_lists import Keys, require_turns
from pipeline.dataset.formats.rows.shapes import IDENTITIES, Segment, Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn, Layout
from pipeline.dataset.model.json_text import Json, encoded

_SCHEMA = "bedrock-conversation"
_BLOCKS = ("text", "image", "video", "document", "toolUse", "toolResult", "reasoningContent", "cachePoint")
_TURNS = Segment("messages", keys=Keys(), text_part="text", weights=())
_SYSTEM = Segment("system", "text", role="system", is_optional=True, text_part="text")


@dataclass(frozen=True, slots=True)
class Bedrock:
    """Messages of role and blocks; the system's words in blocks beside them."""

    name: str = "bedrock"
    title: str = "Bedrock: messages of role and content blocks"
    example: str = (
        '{"schemaVersion": "bedrock-conversation-2024", "system": [{"text": "Be kind."}], "messages": '
        '[{"role": "user", "content": [{"text": "Hello"}]}, {"role": "assistant", "content": [{"text": "Hi!"}]}]}'
    )
    becomes: str = (
        "its turns, `system` first; the texts of blocks are joined, pictures and documents are kept as parts; "
        "`reasoningContent` becomes reasoning, a `toolUse` a tool call, a `toolResult` a turn of the tool"
    )

    @property
    def layout(self) -> Layout:
        """Paths of the row's fields."""
        return Layout("$.messages", ".role", ".content", f"$.{IDENTITIES[0]}")

    def fits(self, row: Json) -> bool:
        """Whether it names its schema, or its first message has a block without a type."""
        listed = row.get("messages") if isinstance(row, dict) else None
        first = listed[0] if isinstance(listed, list) and listed else None
        if not isinstance(row, dict) or not isinstance(first, dict):
            return False
        if str(row.get("schemaVersion")).startswith(_SCHEMA):
            return True
        blocks = first.get("content")
        block = blocks[0] if isinstance(blocks, list) and blocks else None
        return isinstance(block, dict) and "type" not in block and any(name in block for name in _BLOCKS)

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The system's turn, then those of the messages."""
        if (fields := as_object(row, faults)) is None:
            return None
        turns = list(_system(fields, faults))
        listed = field(fields, "messages", list, "$", faults)
        require_turns(listed, "$.messages", faults)
        for index, message in enumerate(listed if isinstance(listed, list) else []):
            turns += _turns_of(message, f"$.messages[{index}]", faults)
        tools = _tools_of(fields, faults)
        return FullConversation(identity_of(fields, IDENTITIES), turns, tools, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Messages of one block of text each."""
        return (Shape((_SYSTEM, _TURNS), silent=(), null=("toolConfig",)),)


def _system(row: dict[str, Json], faults: Faults) -> Iterator[FullTurn]:
    if row.get("system") is None:
        return
    blocks = field(row, "system", list, "$", faults)
    texts, _, _ = _texts_of(blocks if isinstance(blocks, list) else [], "$.system", faults)
    if text := "".join(texts):
        yield FullTurn("system", text, "$.system", False)


def _turns_of(message: Json, path: str, faults: Faults) -> Iterator[FullTurn]:
    """What a message says, with its calls, and before it a turn for each result in it."""
    if not isinstance(message, dict):
        faults.add("turn-not-an-object", path, "an object", name_of(message))
        return
    role = field(message, "role", str, path, faults)
    check_nul(role, f"{path}.role", faults)
    blocks = field(message, "content", list, path, faults)
    place = f"{path}.content"
    listed = blocks if isinstance(blocks, list) else []
    texts, others, thoughts = _texts_of(listed, place, faults)
    calls: list[Json] = []
    results: list[FullTurn] = []
    for index, block in enumerate(listed):
        if isinstance(block, dict) and "toolUse" in block:
            calls.append(_call(block["toolUse"], f"{place}[{index}].toolUse", faults))
        elif isinstance(block, dict) and "toolResult" in block:
            results.append(_result(block["toolResult"], f"{place}[{index}].toolResult", faults))
    yield from results
    if texts or others or calls or thoughts or not results:
        said: list[Json] = [{"type": "text", "text": text} for text in texts]
        yield FullTurn(
            str(role or ""),
            "".join(texts),
            place,
            role == "assistant",
            tool_calls=encoded(calls) if calls else None,
            parts=encoded([*said, *others]) if others else None,
            reasoning="".join(thoughts) or None,
        )


def _texts_of(blocks: list[Json], path: str, faults: Faults) -> tuple[list[str], list[Json], list[str]]:
    """The texts of blocks, what is neither text nor a matter of tools as parts, and the reasoning."""
    texts: list[str] = []
    others: list[Json] = []
    thoughts: list[str] = []
    for index, block in enumerate(blocks):
        place = f"{path}[{index}]"
        if not isinstance(block, dict):
            faults.add("wrong-type", place, "an object", name_of(block))
        elif "text" in block:
            text = field(block, "text", str, place, faults)
            check_nul(text, f"{place}.text", faults)
            texts.append(text if isinstance(text, str) else "")
        elif "reasoningContent" in block:
            thought = block["reasoningContent"]
            inner = thought.get("reasoningText") if isinstance(thought, dict) else None
            thoughts.append(reasoning_text(thought if inner is None else inner))
            check_nul(thoughts[-1], f"{place}.reasoningContent", faults)
        elif "toolUse" not in block and "toolResult" not in block and "cachePoint" not in block:
            others.append(part_of(block))
    return texts, others, thoughts


def _call(call: Json, path: str, faults: Faults) -> Json:
    """A call in OpenAI's shape, with its id."""
    identity = call.get("toolUseId") if isinstance(call, dict) else None
    return {**({"id": identity} if isinstance(identity, str) else {}), **read_call(call, "input", path, faults)}


def _result(result: Json, path: str, faults: Faults) -> FullTurn:
    """A turn of the tool: the texts of its content, of other content the JSON."""
    if not isinstance(result, dict):
        faults.add("wrong-type", path, "an object", name_of(result))
        result = {}
    identity, listed = result.get("toolUseId"), result.get("content")
    said = []
    for block in listed if isinstance(listed, list) else [listed]:
        inner = block.get("text", block.get("json", block)) if isinstance(block, dict) else block
        said.append(inner if isinstance(inner, str) else encoded(inner))
    text = "".join(said)
    check_nul(text, path, faults)
    check_nul(identity, f"{path}.toolUseId", faults)
    return FullTurn("tool", text, path, False, tool_call_id=identity if isinstance(identity, str) else None)


def _tools_of(row: dict[str, Json], faults: Faults) -> str | None:
    """The tools of `toolConfig` in OpenAI's shape, as JSON text; None without any."""
    if row.get("toolConfig") is None:
        return None
    config = field(row, "toolConfig", dict, "$", faults)
    listed = config.get("tools") if isinstance(config, dict) else None
    declared: list[Json] = []
    for tool in listed if isinstance(listed, list) else []:
        spec = tool.get("toolSpec") if isinstance(tool, dict) else None
        if isinstance(spec, dict):
            schema = spec.get("inputSchema")
            parameters = schema.get("json", schema) if isinstance(schema, dict) else schema
            named = {key: value for key, value in spec.items() if key != "inputSchema"}
            declared.append({"type": "function", "function": {**named, "parameters": parameters}})
    return encoded(declared) if declared else None


BEDROCK = Bedrock()
