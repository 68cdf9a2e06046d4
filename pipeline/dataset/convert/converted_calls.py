"""Tool calls and tools in the shapes that targets take; the columns hold them as the file had them."""

import hashlib
from typing import Any

import msgspec

from pipeline.dataset.model.json_text import decoded

Item = dict[str, Any]  # a call or a tool, as JSON has it


def openai_calls(text: str, turn: int) -> list[Item]:
    """Calls with their wrapper, an id each, and arguments as text. turn: place of the turn, for ids where none are."""
    calls = []
    for index, call in enumerate(_items(text)):
        function = dict(_function(call))
        if "arguments" in function and not isinstance(function["arguments"], str):
            function["arguments"] = msgspec.json.encode(function["arguments"]).decode()
        wrapper = call if "function" in call else {}
        own_id = wrapper.get("id")
        call_id = made_id(turn, index) if own_id is None else own_id
        calls.append({"id": None, **wrapper} | {"id": call_id, "type": "function", "function": function})
    return calls


def made_id(turn: int, index: int) -> str:
    """An id for the call at a place of a turn: nine letters and digits, because Mistral's templates take no other."""
    if turn < 1_000 and index < 100:
        return f"call{turn:03}{index:02}"
    return hashlib.sha256(f"{turn}-{index}".encode()).hexdigest()[:9]


def sharegpt_calls(text: str) -> str:
    """One call, or a list of several, as JSON text; arguments as objects where their text is one."""
    calls = []
    for call in _items(text):
        function = dict(_function(call))
        function["arguments"] = _object_of(function.get("arguments", {}))
        calls.append({name: value for name, value in function.items() if name != "id"})
    return msgspec.json.encode(calls[0] if len(calls) == 1 else calls).decode()


def has_ids(text: str) -> bool:
    """Whether any call has an id."""
    return any("id" in call for call in _items(text))


def openai_tools(text: str) -> list[Any]:
    """Tools with their wrapper."""
    return [
        {"type": "function", "function": tool} if isinstance(tool, dict) and "name" in tool else tool
        for tool in msgspec.json.decode(text)
    ]


def _items(text: str) -> list[Item]:
    items: list[Item] = msgspec.json.decode(text)
    return items


def _function(call: Item) -> Item:
    function: Item = call.get("function", call)
    return function


def _object_of(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    value = decoded(arguments)
    return value if isinstance(value, dict) else arguments
