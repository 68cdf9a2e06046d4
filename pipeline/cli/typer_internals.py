"""What we use of typer that its documentation does not promise; its shape is in `tests/cli/test_typer_internals.py`.

Typer carries its own copy of click, and moved it between versions: the exceptions are known by what they can do.
"""

from collections.abc import Iterable
from typing import Any

# Public is only that `Typer(cls=…)` takes a class derived from it.
from typer.core import TyperGroup

__all__ = ["TyperGroup", "context_of", "is_wrong_use", "prepare_completion", "typed_options", "wants_help"]


def is_wrong_use(error: Exception) -> bool:
    """Whether typer found it in the arguments: it can say so in a sentence, `error.format_message()`."""
    return hasattr(error, "format_message")


def wants_help(error: Exception) -> bool:
    """Whether a group was called without a command; its message is the whole help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def context_of(error: Exception) -> Any:
    """The command that was called wrongly, or None."""
    return getattr(error, "ctx", None)


def prepare_completion() -> None:
    """Let a shell ask which words may come next; typer does so by itself only where it adds two options of its own."""
    from typer._completion_classes import completion_init

    completion_init()


def typed_options(context: Any, names: Iterable[str]) -> list[str]:
    """Those of a command's parameters that were typed, as options: their defaults were not."""
    typed = [name for name in names if context.get_parameter_source(name).name == "COMMANDLINE"]
    return [f"--{name.strip('_').replace('_', '-')}" for name in typed]
