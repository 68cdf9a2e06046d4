"""The format of ChatGPT's export: a conversation is a tree of messages, of which one way was shown last."""

from dataclasses import dataclass

from pipeline.dataset.findings.faults import Faults, as_object, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import media_of
from pipeline.dataset.formats.rows.chat import identity_of
from pipeline.dataset.formats.rows.fields import FieldFormat
from pipeline.dataset.formats.rows.message_lists import require_turns
from pipeline.dataset.formats.rows.shapes import Shape
from pipeline.dataset.model.conversation import FullConversation, FullTurn
from pipeline.dataset.model.json_text import Json, decoded, encoded

_IDENTITIES = ("conversation_id", "id")
_THOUGHTS = ("thoughts", "reasoning_recap")  # kinds of content that were not said


@dataclass(frozen=True, slots=True)
class ChatGptExport(FieldFormat):
    """The turns are found by walking a tree, so that the quick reader has no shape of it."""

    name: str = "chatgpt-export"
    title: str = "ChatGPT export: a tree of messages in mapping"
    example: str = (
        '{"title": "Tea", "current_node": "b", "mapping": {"a": {"parent": null, "message": {"author": {"role": "user"}'
        ', "content": {"parts": ["Hello"]}}}, "b": {"parent": "a", "message": {"author": {"role": "assistant"}, '
        '"content": {"parts": ["Hi!"]}}}}}'
    )
    becomes: str = (
        "the messages on the way to `current_node`; without one, a tree with several ends is refused; "
        "empty and hidden messages and thoughts are left out, pictures are kept as parts"
    )

    def fits(self, row: Json) -> bool:
        """Whether it has a tree of messages."""
        nodes = row.get("mapping") if isinstance(row, dict) else None
        if not isinstance(nodes, dict) or not nodes:
            return False
        node = next(iter(nodes.values()))
        return isinstance(node, dict) and "message" in node and "parent" in node

    def read(self, row: Json, faults: Faults) -> FullConversation | None:
        """The turns on the way that was shown last."""
        if (fields := as_object(row, faults)) is None:
            return None
        nodes = field(fields, "mapping", dict, "$", faults)
        turns: list[FullTurn] = []
        if isinstance(nodes, dict):
            for name in _way(nodes, fields.get("current_node"), faults):
                turns += _turn(nodes[name], f"$.mapping.{name}.message", faults)
            if not turns:
                require_turns([], "$.mapping", faults)
        return FullConversation(identity_of(fields, _IDENTITIES), turns, media=media_of(fields))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """None: the order of the turns is found by walking."""
        return ()


def _way(nodes: dict[str, Json], current: Json, faults: Faults) -> list[str]:
    """Names of the nodes from the root to the current one, which must be told where there are several ends."""
    parents = {name: node.get("parent") for name, node in nodes.items() if isinstance(node, dict)}
    if not isinstance(current, str) or current not in parents:
        ends = parents.keys() - {parent for parent in parents.values() if isinstance(parent, str)}
        if len(ends) != 1:
            found = f"{len(ends)} ends of the tree"
            faults.add("missing-field", "$.current_node", "the last message that was shown", found)
            return []
        current = next(iter(ends))
    way: list[str] = []
    seen: set[str] = set()
    while isinstance(current, str) and current in parents and current not in seen:
        seen.add(current)
        way.append(current)
        current = parents[current]
    return way[::-1]


def _turn(node: Json, path: str, faults: Faults) -> list[FullTurn]:
    """What a node says; nothing of one that was not shown."""
    message = node.get("message") if isinstance(node, dict) else None
    if not isinstance(message, dict):
        return []
    author, content, metadata = (message.get(name) for name in ("author", "content", "metadata"))
    if not isinstance(author, dict) or not isinstance(content, dict):
        found = name_of(content if isinstance(author, dict) else author)
        faults.add("wrong-type", path, "a message of author and content", found)
        return []
    is_hidden = isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation") is True
    texts, others = _said(content)
    text = "".join(texts)
    if is_hidden or content.get("content_type") in _THOUGHTS or not (text.strip() or others):
        return []
    role = field(author, "role", str, f"{path}.author", faults)
    check_nul(role, f"{path}.author.role", faults)
    check_nul(text, f"{path}.content", faults)
    said: list[Json] = [{"type": "text", "text": each} for each in texts]
    recipient, name = message.get("recipient"), author.get("name")
    calls = None
    if role == "assistant" and isinstance(recipient, str) and recipient != "all":  # said to a tool
        arguments = text if isinstance(decoded(text), dict) else encoded({"input": text})
        calls, text = encoded([{"type": "function", "function": {"name": recipient, "arguments": arguments}}]), ""
    return [
        FullTurn(
            str(role or ""),
            text,
            f"{path}.content",
            role == "assistant",
            tool_calls=calls,
            parts=encoded([*said, *others]) if others else None,
            name=name if isinstance(name, str) and "\0" not in name else None,
        )
    ]


def _said(content: dict[str, Json]) -> tuple[list[str], list[Json]]:
    """The texts of a content, and its pictures and sounds as parts."""
    parts = content.get("parts")
    if not isinstance(parts, list):
        text = content.get("text", content.get("result"))
        return ([text] if isinstance(text, str) else []), []
    texts = [part for part in parts if isinstance(part, str)]
    others = (part for part in parts if isinstance(part, dict))
    return texts, [{**part, "type": str(part.get("content_type", "unknown"))} for part in others]


CHATGPT_EXPORT = ChatGptExport()
