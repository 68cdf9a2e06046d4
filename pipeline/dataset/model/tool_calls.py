"""Calls and tools as rows hold them: a function in its wrapper, or without one."""

from typing import Any


def function_of(call: object) -> dict[str, Any] | None:
    """The function that a call names or a tool is; None of what is none.

    >>> function_of({"type": "function", "function": {"name": "find"}}), function_of({"name": "find"}), function_of(3)
    ({'name': 'find'}, {'name': 'find'}, None)
    """
    function = call.get("function", call) if isinstance(call, dict) else None
    return function if isinstance(function, dict) else None
