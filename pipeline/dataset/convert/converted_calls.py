"""Tool calls and tools in the shapes that targets take; the columns hold them as the file had them."""

from typing import Any

import msgspec

from pipeline.dataset.model.json_text import decoded

Item = dict[str, Any]  # a call or a tool, as JSON has it


def openai_calls(text: str) -> list[Item]:
    """Calls with their wrapper and arguments as text; `with_call_ids` gives each an id before."""
    calls = []
    for call in _items(text):
        function = dict(_function(call))
        if "arguments" in function and not isinstance(function["arguments"], str):
            function["arguments"] = msgspec.json.encode(function["arguments"]).decode()
        wrapper = call if "function" in call else {}
        calls.append({**wrapper, "type": "function", "function": function})
    return calls


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
    """Tools with their wrapper; Anthropic calls the schema of the arguments otherwise."""
    return [
        {"type": "function", "function": _with_parameters(tool)} if isinstance(tool, dict) and "name" in tool else tool
        for tool in msgspec.json.decode(text)
    ]


def _with_parameters(tool: Item) -> Item:
    if "input_schema" not in tool or "parameters" in tool:
        return tool
    return {"parameters" if name == "input_schema" else name: value for name, value in tool.items()}


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
