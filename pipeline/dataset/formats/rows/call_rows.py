"""Tool calls and tools: what they must be, and their JSON text in OpenAI's shape, in which all formats keep them."""

from pipeline.dataset.findings.faults import Faults, field, name_of
from pipeline.dataset.model.json_text import Json, decoded, encoded

CALL_ROLES = ("function_call", "tool_call")  # turns whose text is the call
CALL_FIELDS = ("tool_calls", "function_call")  # of a message
TOOL_FIELDS = ("tools", "functions", "available_tools")  # of a row; the last is mistral-finetune's


def tool_calls(message: dict[str, Json], path: str, faults: Faults) -> str | None:
    """A message's calls as JSON text in OpenAI's shape; None without any."""
    calls = message.get("tool_calls")
    if calls is not None:
        if isinstance(calls, str) and isinstance(decoded(calls), list):
            found = "the JSON of one in a string, encoded twice"
            faults.add("wrong-type", f"{path}.tool_calls", "an array", found, "(decode it once: jq's fromjson does)")
            return None
        if not isinstance(calls, list):
            field(message, "tool_calls", list, path, faults)
            return None
        for index, call in enumerate(calls):
            _check_call(call, f"{path}.tool_calls[{index}]", faults)
        return encoded(calls) if calls else None
    single = message.get("function_call")  # OpenAI's older shape, one call a message
    if single is None:
        return None
    _check_function(single, f"{path}.function_call", faults)
    return encoded([{"type": "function", "function": single}])


def _check_call(call: Json, path: str, faults: Faults) -> None:
    if not isinstance(call, dict):
        faults.add("wrong-type", path, "an object", name_of(call))
        return
    if "function" not in call and isinstance(call.get("name"), str):
        return  # a call without its wrapper, as Hermes' and TRL's templates take it
    _check_function(call.get("function"), f"{path}.function", faults)


def _check_function(function: Json, path: str, faults: Faults) -> None:
    if not isinstance(function, dict):
        found = name_of(function) if function is not None else "none"
        faults.add("wrong-type", path, "an object with name and arguments", found)
        return
    field(function, "name", str, path, faults)
    if "arguments" in function and not isinstance(function["arguments"], str | dict):
        found = name_of(function["arguments"])
        faults.add("wrong-type", f"{path}.arguments", "a string of JSON", found)


def read_call(call: Json, arguments_name: str, path: str, faults: Faults) -> dict[str, Json]:
    """A provider's call, of a name and an object of arguments, in OpenAI's shape; {} where it is no object."""
    if not isinstance(call, dict):
        faults.add("wrong-type", path, "an object", name_of(call))
        return {}
    name, arguments = field(call, "name", str, path, faults), call.get(arguments_name)
    return {
        "type": "function",
        "function": {"name": name, "arguments": encoded({} if arguments is None else arguments)},
    }


def as_calls(text: str) -> str | None:
    """OpenAI's tool_calls, as JSON text, of ShareGPT's call text; None when it is none."""
    value = decoded(text)
    listed = value if isinstance(value, list) else [value]
    calls = [call for call in listed if isinstance(call, dict) and isinstance(call.get("name"), str)]
    if not calls or len(calls) < len(listed):
        return None
    return encoded([{"type": "function", "function": _function(call)} for call in calls])


def _function(call: dict[str, Json]) -> dict[str, Json]:
    arguments = call.get("arguments", {})
    return {**call, "arguments": arguments if isinstance(arguments, str) else encoded(arguments)}


def tools_of(row: dict[str, Json], faults: Faults) -> str | None:
    """The row's tools as JSON text; a list, or the same as text. None without any."""
    name = next((name for name in TOOL_FIELDS if name in row), "tools")
    tools = row.get(name)
    if tools is None or tools in ("", []):
        return None
    if isinstance(tools, list):
        return encoded(tools if name != "functions" else list(map(_wrapped, tools)))
    if isinstance(tools, str):
        if isinstance(listed := decoded(tools), list):
            return tools if name != "functions" else encoded(list(map(_wrapped, listed)))
        faults.add("wrong-type", f"$.{name}", "a list of tools or the JSON of one", "other text")
        return None
    faults.add("wrong-type", f"$.{name}", "a list of tools", name_of(tools))
    return None


def _wrapped(function: Json) -> Json:
    """One of OpenAI's older functions as a tool."""
    return {"type": "function", "function": function}
