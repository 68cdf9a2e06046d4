"""What we use of typer that its documentation does not promise; its shape is in `tests/cli/test_typer_internals.py`.

Typer carries its own copy of click, and moved it between versions: the exceptions are known by what they can do.
"""

from collections.abc import Iterable
from typing import Any

# Public is only that `Typer(cls=…)` takes a class derived from it.
from typer.core import TyperGroup

__all__ = [
    "TyperGroup",
    "completion_script",
    "context_of",
    "is_wrong_use",
    "prepare_completion",
    "typed_options",
    "usage_sentence",
    "wants_help",
]


def is_wrong_use(error: Exception) -> bool:
    """Whether typer found it in the arguments: it can say so in a sentence, `error.format_message()`."""
    return hasattr(error, "format_message")


def wants_help(error: Exception) -> bool:
    """Whether a group was called without a command; its message is the whole help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def usage_sentence(error: Any) -> str:
    """What typer found in the arguments; it checks choices with pydantic, whose own words stand before the sentence."""
    return str(error.format_message()).replace("Value error, ", "").rstrip(".")


def context_of(error: Exception) -> Any:
    """The command that was called wrongly, or None."""
    return getattr(error, "ctx", None)


def prepare_completion() -> None:
    """Let a shell ask which words may come next; typer does so by itself only where it adds two options of its own."""
    from typer._completion_classes import completion_init

    completion_init()


def completion_script(program: str, variable: str, shell: str) -> str:
    """What a shell runs to complete the program's words. variable: see `COMPLETE`."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name=program, complete_var=variable, shell=shell)


def typed_options(context: Any, names: Iterable[str]) -> list[str]:
    """Those of a command's parameters that were typed, as options: their defaults were not."""
    typed = [name for name in names if context.get_parameter_source(name).name == "COMMANDLINE"]
    return [f"--{name.strip('_').replace('_', '-')}" for name in typed]
