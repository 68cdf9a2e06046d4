"""Reads one message of a chat, with all that OpenAI's, ShareGPT's and LLaMA-Factory's messages can carry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from pipeline.conversations.faults import Faults, Json, check_nul, field, name_of
from pipeline.conversations.model import FullTurn

_encoder = msgspec.json.Encoder()

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
CALL_ROLES = ("function_call", "tool_call")  # turns whose text is the call
TEXT_PARTS = ("text", "input_text", "output_text", "reasoning", "refusal", "tool_call", "tools")
_KEPT_PATHS = 200
_CALL_FIELDS = ("tool_calls", "function_call")
_WEIGHT_FIELDS = ("weight", "loss_weight")
_EXTRA_FIELDS = (*_CALL_FIELDS, *_WEIGHT_FIELDS, "tool_call_id", "name")


def json_of(value: Json) -> str:
    """JSON text of what a row holds; "null" for what holds a lone surrogate, a fault that is told elsewhere."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return "null"


_NUMBERS = (int, float)
_TOO_HEAVY = 1e6  # no weight; a number that was meant for something else


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of a message's fields, and what its roles are called here. aliases: pairs, so that it has a hash."""

    role: str = "role"
    content: str = "content"
    aliases: tuple[tuple[str, str], ...] = ()


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
                if type(weight) not in _NUMBERS or not 0 <= weight < _TOO_HEAVY:  # type: ignore[operator]
                    role = None
                elif type(content) is list:
                    content = _only_value(content)
            if type(role) is str and type(content) is str and role not in CALL_ROLES:
                role = aliases.get(role, role)
                if "\0" not in content and "\0" not in role:
                    is_supervised = role == "assistant" and weight != 0
                    loss = None if weight is None else float(weight)  # type: ignore[arg-type]
                    turns.append(
                        FullTurn(role, content, paths[index], is_supervised, loss, None, None, None, None, branch)
                    )
                    continue
        turn = read_message(message, f"{path}[{index}]", keys, aliases, faults, branch)
        if turn is not None:
            turns.append(turn)
    return turns


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
        faults.add("turn-not-an-object", path, f"expected an object, found {name_of(message)}")
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
    role = aliases.get(role, role)
    if isinstance(content, str) and message.keys().isdisjoint(_EXTRA_FIELDS):
        if "\0" in content:
            check_nul(content, content_path, faults)
        return FullTurn(role, content, content_path, role == "assistant", branch=branch)
    return _rich_turn(message, role, path, keys, faults, branch)


def _rich_turn(message: dict[str, Json], role: str, path: str, keys: Keys, faults: Faults, branch: int) -> FullTurn:
    calls = _tool_calls(message, path, faults) if not message.keys().isdisjoint(_CALL_FIELDS) else None
    weight = _weight(message, path, faults) if not message.keys().isdisjoint(_WEIGHT_FIELDS) else None
    content, parts = _content(message, keys.content, path, bool(calls), faults)
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
    )


def _content(message: dict[str, Json], key: str, path: str, has_calls: bool, faults: Faults) -> tuple[str, str | None]:
    """The text of a message, and its parts as JSON when it has any."""
    content = message.get(key)
    if type(content) is str and "\0" not in content:
        return content, None
    if isinstance(content, list):
        only = _only_value(content)
        if only is not None and "\0" not in only:
            return only, None
        return _joined(content, f"{path}.{key}", faults), json_of(content)
    if content is None and has_calls:
        return "", None
    text = field(message, key, str, path, faults)
    check_nul(text, f"{path}.{key}", faults)
    return text if isinstance(text, str) else "", None


def _joined(parts: list[Json], path: str, faults: Faults) -> str:
    texts = []
    for index, part in enumerate(parts):
        place = f"{path}[{index}]"
        if not isinstance(part, dict):
            faults.add("wrong-type", place, f"expected an object, found {name_of(part)}")
            continue
        kind = field(part, "type", str, place, faults)
        if kind in TEXT_PARTS:
            key = next((name for name in ("text", "value", "refusal") if name in part), "text")
            text = field(part, key, str, place, faults)
            check_nul(text, f"{place}.{key}", faults)
            texts.append(text if isinstance(text, str) else "")
    return "".join(texts)


def _tool_calls(message: dict[str, Json], path: str, faults: Faults) -> str | None:
    """The calls as JSON text in OpenAI's shape; None without any."""
    calls = message.get("tool_calls")
    if calls is not None:
        if not isinstance(calls, list):
            field(message, "tool_calls", list, path, faults)
            return None
        for index, call in enumerate(calls):
            _check_call(call, f"{path}.tool_calls[{index}]", faults)
        return json_of(calls) if calls else None
    single = message.get("function_call")  # OpenAI's older shape, one call a message
    if single is None:
        return None
    _check_function(single, f"{path}.function_call", faults)
    return json_of([{"type": "function", "function": single}])


def _check_call(call: Json, path: str, faults: Faults) -> None:
    if not isinstance(call, dict):
        faults.add("wrong-type", path, f"expected an object, found {name_of(call)}")
        return
    if "function" not in call and isinstance(call.get("name"), str):
        return  # a call without its wrapper, as Hermes' and TRL's templates take it
    _check_function(call.get("function"), f"{path}.function", faults)


def _check_function(function: Json, path: str, faults: Faults) -> None:
    if not isinstance(function, dict):
        found = name_of(function) if function is not None else "none"
        faults.add("wrong-type", path, f"expected an object with name and arguments, found {found}")
        return
    field(function, "name", str, path, faults)
    if "arguments" in function and not isinstance(function["arguments"], str | dict):
        found = name_of(function["arguments"])
        faults.add("wrong-type", f"{path}.arguments", f"expected a string of JSON, found {found}")


def _call_turn(message: dict[str, Json], keys: Keys, path: str, faults: Faults, branch: int) -> FullTurn:
    """ShareGPT's `function_call` turn: its text is one call or a list of them."""
    text = field(message, keys.content, str, path, faults)
    check_nul(text, f"{path}.{keys.content}", faults)
    calls = as_calls(text) if isinstance(text, str) else None
    content = "" if calls else text if isinstance(text, str) else ""
    content_path = f"{path}.{keys.content}"
    if calls is None and isinstance(text, str):
        found = "other text" if text.strip() else "none"
        faults.add("malformed-tool-call", content_path, f"expected the JSON of a call, found {found}")
    return FullTurn("assistant", content, content_path, True, tool_calls=calls, branch=branch)


def only_text(parts: str) -> bool:
    """Whether all parts are of type text, by the look of their JSON; False where only decoding tells."""
    return parts.count('"type":"') == parts.count('"type":"text"')


def as_calls(text: str) -> str | None:
    """OpenAI's tool_calls, as JSON text, of ShareGPT's call text; None when it is none."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    calls = value if isinstance(value, list) else [value]
    if not calls or not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in calls):
        return None
    return json_of([{"type": "function", "function": _function(call)} for call in calls])


def _function(call: dict[str, Json]) -> dict[str, Json]:
    arguments = call.get("arguments", {})
    return {**call, "arguments": arguments if isinstance(arguments, str) else json_of(arguments)}


def _weight(message: dict[str, Json], path: str, faults: Faults) -> float | None:
    for name in ("weight", "loss_weight"):
        value = message.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            faults.add("wrong-type", f"{path}.{name}", f"expected a number, found {name_of(value)}")
            return None
        if not 0 <= value < _TOO_HEAVY:
            faults.add("wrong-type", f"{path}.{name}", "expected a weight of 0 or more, found another number")
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


def require_turns(listed: Json, path: str, faults: Faults) -> None:
    """Report a list of messages that is empty."""
    if listed == []:
        faults.add("empty-turns", path, "expected at least one turn, found none")


def tools_of(row: dict[str, Json], faults: Faults) -> str | None:
    """The row's tools as JSON text; a list, or the same as text. None without any."""
    tools = row.get("tools", row.get("functions"))
    name = "tools" if "tools" in row else "functions"
    if tools is None or tools in ("", []):
        return None
    if isinstance(tools, list):
        return json_of(tools)
    if isinstance(tools, str):
        try:
            decoded = msgspec.json.decode(tools)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            decoded = None
        if isinstance(decoded, list):
            return tools
        faults.add("wrong-type", f"$.{name}", "expected a list of tools or the JSON of one, found other text")
        return None
    faults.add("wrong-type", f"$.{name}", f"expected a list of tools, found {name_of(tools)}")
    return None
