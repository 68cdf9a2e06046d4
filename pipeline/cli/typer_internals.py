"""What we use of typer that its documentation does not promise; its shape is in `tests/cli/test_typer_internals.py`.

Typer carries its own copy of click, and moved it between versions: the exceptions are known by what they can do.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import typer._param_types as param_types
from typer import core

# Public is only that `Typer(cls=…)` takes a class derived from it.
from typer.core import TyperGroup

from pipeline.errors import UsageError

_BUILDER = "build_runtime_param"  # of what turns the words of a parameter into its value; younger than typer 0.16

__all__ = [
    "TyperGroup",
    "completion_script",
    "context_of",
    "import_pydantic_late",
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


def import_pydantic_late() -> None:
    """Take what needs no check as it is: typer has pydantic look at every value, whose import takes 90 ms."""
    build = getattr(core, _BUILDER, None)
    if build is not None and not isinstance(build, partial):  # ours already
        setattr(core, _BUILDER, partial(_Value, build))


class _Value:
    """Gives a parameter its value; what is not plain goes the way of typer, which `build` makes of the descriptor."""

    def __init__(self, build: Callable[[Any], Any], descriptor: Any) -> None:
        self._build, self._descriptor = build, descriptor

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """See `typer._coercion.RuntimeParam`."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        wanted, info = self._descriptor.annotation, self._descriptor.parameter_info
        if (wanted is Path and value == "") or (wanted == list[Path] and "" in value):
            # Typer would take it for the folder that one is in.
            raise UsageError(f"{param.opts[0]}: expected a path, found nothing; is a variable of the shell empty?")
        if info.parser is None and _is_plain(value, wanted, info):
            return list(value) if wanted == list[str] else value
        if wanted is Path and info.path_type is None and str(Path(value)) == str(value):
            return param_types.coerce_cli_path(Path(value), info, path_type=Path, param=param, ctx=ctx)
        return self._build(self._descriptor).coerce(value, param=param, ctx=ctx)


def _is_plain(value: Any, wanted: Any, info: Any) -> bool:
    """Whether typer's checks would find nothing, and change nothing but a sequence into a list."""
    if wanted == list[str]:
        return bool(value) and all(type(each) is str for each in value)
    if type(value) is not wanted or wanted not in (str, int, float):
        return False
    return (info.min is None or value >= info.min) and (info.max is None or value <= info.max)
