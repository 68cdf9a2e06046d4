"""Reads the messages of a chat, with all that OpenAI's, ShareGPT's and LLaMA-Factory's messages can carry.

What their tool calls must be is in `call_rows.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.dataset.findings.faults import Faults, check_nul, field, name_of
from pipeline.dataset.formats.rows.beside_text import (
    MEDIA_FIELDS,
    REASONING_FIELDS,
    REASONING_PARTS,
    media_parts,
    reasoning_of,
    reasoning_text,
)
from pipeline.dataset.formats.rows.call_rows import CALL_FIELDS, CALL_ROLES, as_calls, tool_calls
from pipeline.dataset.model.conversation import FullTurn
from pipeline.dataset.model.json_text import Json, encoded

# Of ShareGPT's many dialects; the templates of FastChat, Axolotl and LLaMA-Factory name them so.
ALIASES: Mapping[str, str] = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
# LLaMA-Factory's names of roles in ShareGPT's rows, unless dataset_info.json gives others (0.9.5, data/parser.py).
USUAL_TAGS = frozenset({"human", "gpt", "observation", "function_call", "system"})
TEXT_PARTS = ("text", "input_text", "output_text", "reasoning", "thinking", "refusal", "tool_call", "tools")
WEIGHT_FIELDS = ("weight", "loss_weight")
FLAG_FIELDS = ("loss", "train", "training")  # ms-swift's, and those that Axolotl is told of; false is a weight of 0
TOO_HEAVY = 1e6  # no weight; a number that was meant for something else
_KEPT_PATHS = 200
EXTRA_FIELDS = (*CALL_FIELDS, *WEIGHT_FIELDS, *FLAG_FIELDS, *REASONING_FIELDS, *MEDIA_FIELDS, "tool_call_id", "name")
_NUMBERS = (int, float)


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of a message's fields, and what its roles are called here."""

    role: str = "role"
    content: str = "content"
    aliases: tuple[tuple[str, str], ...] = ()
    """Pairs, so that it has a hash."""


def read_messages(listed: Json, path: str, keys: Keys, faults: Faults, branch: int = 0) -> list[FullTurn]:
    """The turns of a list of messages at `path`; faulty ones are reported and left out."""
    aliases = dict(keys.aliases)
    role_key, content_key = keys.role, keys.content
    paths = _content_paths(path, content_key)
    turns = []
    for index, message in enumerate(listed if isinstance(listed, list) else []):
        if type(message) is dict and 2 <= len(message) <= 3 and index < _KEPT_PATHS:  # nearly all messages
            role, content, weight = message.get(role_key), message.get(content_key), None
            if len(message) == 3:
                weight = message.get("weight", message.get("loss_weight"))
                if type(weight) not in _NUMBERS or not 0 <= weight < TOO_HEAVY:  # type: ignore[operator]
                    role = None
                elif type(content) is list:
                    content = _only_value(content)
            if type(role) is str and type(content) is str and role not in CALL_ROLES:
                tag = role if content_key == "value" and role not in USUAL_TAGS else None
                role = aliases.get(role, role)
                if "\0" not in content and "\0" not in role:
                    is_supervised = role == "assistant" and weight != 0
                    loss = None if weight is None else float(weight)  # type: ignore[arg-type]
                    turns.append(
                        FullTurn(
                            role, content, paths[index], is_supervised, loss, None, None, None, None, branch, None, tag
                        )
                    )
                    continue
        turn = read_message(message, f"{path}[{index}]", keys, aliases, faults, branch)
        if turn is not None:
            turn.tag = _unusual_tag(message, keys)
            turns.append(turn)
    return turns


def _unusual_tag(message: Json, keys: Keys) -> str | None:
    role = message.get(keys.role) if isinstance(message, dict) and keys.content == "value" else None
    return role if isinstance(role, str) and all(role != tag for tag in USUAL_TAGS) else None


def _only_value(parts: list[Json]) -> str | None:
    """The text of LLaMA-Factory's one part of text, which says no more than the text; None for any other list."""
    if len(parts) == 1 and type(part := parts[0]) is dict and len(part) == 2 and part.get("type") == "text":
        text = part.get("value")
        return text if type(text) is str else None
    return None


@lru_cache(32)
def _content_paths(path: str, key: str) -> list[str]:
    """Paths of the first messages' contents, which all rows of a file share."""
    return [f"{path}[{index}].{key}" for index in range(_KEPT_PATHS)]


def read_message(
    message: Json, path: str, keys: Keys, aliases: Mapping[str, str], faults: Faults, branch: int = 0
) -> FullTurn | None:
    """One turn, or None and its faults."""
    if not isinstance(message, dict):
        faults.add("turn-not-an-object", path, "an object", name_of(message))
        return None
    role = message.get(keys.role)
    if not isinstance(role, str):
        field(message, keys.role, str, path, faults)
        role = ""
    elif "\0" in role:
        check_nul(role, f"{path}.{keys.role}", faults)
    content_path = f"{path}.{keys.content}"
    content = message.get(keys.content)
    if role in CALL_ROLES and aliases:
        return _call_turn(message, keys, path, faults, branch)
    role = _meant(role, aliases)
    if isinstance(content, str) and message.keys().isdisjoint(EXTRA_FIELDS):
        if "\0" in content:
            check_nul(content, content_path, faults)
        return FullTurn(role, content, content_path, role == "assistant", branch=branch)
    return _rich_turn(message, role, path, keys, faults, branch)


def _meant(role: str, aliases: Mapping[str, str]) -> str:
    """The role that a name stands for. A name that only lets itself be compared (`closed_values.py`) has no hash."""
    if type(role) is str:
        return aliases.get(role, role)
    return next((meant for said, meant in aliases.items() if said == role), role)


def _rich_turn(message: dict[str, Json], role: str, path: str, keys: Keys, faults: Faults, branch: int) -> FullTurn:
    calls = tool_calls(message, path, faults) if not message.keys().isdisjoint(CALL_FIELDS) else None
    weight = _weight(message, path, faults) if not message.keys().isdisjoint(WEIGHT_FIELDS) else None
    if weight is None and role == "assistant" and any(message.get(name) is False for name in FLAG_FIELDS):
        weight = 0.0
    content, parts, thought = _content(message, keys.content, path, bool(calls), faults)
    if media := media_parts(message) if not message.keys().isdisjoint(MEDIA_FIELDS) else []:
        listed: Json = message.get(keys.content)
        parts = encoded([*(listed if isinstance(listed, list) else [{"type": "text", "text": content}]), *media])
    reasoning = reasoning_of(message, path, faults) if not message.keys().isdisjoint(REASONING_FIELDS) else None
    return FullTurn(
        role,
        content,
        f"{path}.{keys.content}",
        is_supervised=role == "assistant" and weight != 0,
        weight=weight,
        tool_calls=calls,
        parts=parts,
        tool_call_id=optional_text(message, "tool_call_id", path, faults) if "tool_call_id" in message else None,
        name=optional_text(message, "name", path, faults) if "name" in message else None,
        branch=branch,
        reasoning=reasoning or thought,
    )


def _content(
    message: dict[str, Json], key: str, path: str, has_calls: bool, faults: Faults
) -> tuple[str, str | None, str | None]:
    """The text of a message; its parts as JSON, and what they reason, when it has any."""
    content = message.get(key)
    if type(content) is str and "\0" not in content:
        return content, None, None
    if isinstance(content, list):
        only = _only_value(content)
        if only is not None and "\0" not in only:
            return only, None, None
        joined, thought = _joined(content, f"{path}.{key}", faults)
        return joined, encoded(content), thought
    if content is None and has_calls:
        return "", None, None
    text = field(message, key, str, path, faults)
    check_nul(text, f"{path}.{key}", faults)
    return text if isinstance(text, str) else "", None, None


def _joined(parts: list[Json], path: str, faults: Faults) -> tuple[str, str | None]:
    """The parts' text, and their reasoning."""
    texts, thoughts = [], []
    for index, part in enumerate(parts):
        place = f"{path}[{index}]"
        if not isinstance(part, dict):
            faults.add("wrong-type", place, "an object", name_of(part))
            continue
        kind = field(part, "type", str, place, faults)
        if kind in REASONING_PARTS:
            thoughts.append(reasoning_text(part))
            check_nul(thoughts[-1], place, faults)
        elif kind in TEXT_PARTS:
            key = next((name for name in ("text", "value", "refusal") if name in part), "text")
            text = field(part, key, str, place, faults)
            check_nul(text, f"{place}.{key}", faults)
            texts.append(text if isinstance(text, str) else "")
    return "".join(texts), "".join(thoughts) or None


def _call_turn(message: dict[str, Json], keys: Keys, path: str, faults: Faults, branch: int) -> FullTurn:
    """ShareGPT's `function_call` turn: its text is one call or a list of them."""
    text = field(message, keys.content, str, path, faults)
    check_nul(text, f"{path}.{keys.content}", faults)
    calls = as_calls(text) if isinstance(text, str) else None
    content = "" if calls else text if isinstance(text, str) else ""
    content_path = f"{path}.{keys.content}"
    if calls is None and isinstance(text, str):
        found = "other text" if text.strip() else "none"
        faults.add("malformed-tool-call", content_path, "the JSON of a call", found)
    return FullTurn("assistant", content, content_path, True, tool_calls=calls, branch=branch)


def only_text(parts: str) -> bool:
    """Whether all parts are of type text, by the look of their JSON; False where only decoding tells."""
    return parts.count('"type":"') == parts.count('"type":"text"')


def _weight(message: dict[str, Json], path: str, faults: Faults) -> float | None:
    for name in WEIGHT_FIELDS:
        value = message.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            faults.add("wrong-type", f"{path}.{name}", "a number", name_of(value))
            return None
        if not 0 <= value < TOO_HEAVY:
            faults.add("wrong-type", f"{path}.{name}", "a weight of 0 or more", "another number")
            return None
        return float(value)
    return None


def optional_text(owner: dict[str, Json], name: str, path: str, faults: Faults) -> str | None:
    """A field that may be absent or null; else it must be a string."""
    value = owner.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        field(owner, name, str, path, faults)
        return None
    check_nul(value, f"{path}.{name}", faults)
    return value


def read_list(
    owner: dict[str, Json], name: str, path: str, keys: Keys, faults: Faults, branch: int = 0
) -> list[FullTurn]:
    """The turns of a list of messages that must be a field of the object at `path`, and must not be empty."""
    listed = field(owner, name, list, path, faults)
    require_turns(listed, f"{path}.{name}", faults)
    return read_messages(listed, f"{path}.{name}", keys, faults, branch)


def require_turns(listed: Json, path: str, faults: Faults) -> None:
    """Report a list of messages that is empty."""
    if listed == []:
        faults.add("empty-turns", path, "at least one turn", "none")
