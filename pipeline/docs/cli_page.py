"""docs/cli.md: every command with its options, from the command line itself."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from pipeline.cli import app
from pipeline.cli.command_line import PROGRAM
from pipeline.docs.markdown import block, code, section, table
from pipeline.settings import PROJECT_DIR

_HELP_OPTION = "--help"
_INTRODUCTION = """Exit codes are the same everywhere: 0 done, 1 the answer is no (a dataset is not ready), 2 wrong use,
3 something of ours or of the machine failed, 130 interrupted. Errors are one sentence on stderr; `LORA_DEBUG=1` adds
where in the code. `NO_COLOR=1` and `FORCE_COLOR=1` decide about colours; otherwise a terminal gets them.

A shell completes commands and options after `eval "$(lora-pipeline completion bash)"`, best in its start-up file; zsh
and fish do so, too."""


def page() -> str:
    """The page."""
    return section("Commands", _INTRODUCTION, *_commands(PROGRAM, get_command(app)), level=1)


def _commands(name: str, command: Any) -> Iterator[str]:
    """The command's section, then those of the commands below it."""
    subcommands: dict[str, Any] = getattr(command, "commands", {})
    if not subcommands:
        yield _section(name, command)
    for below, subcommand in subcommands.items():
        if not subcommand.hidden:
            yield from _commands(f"{name} {below}", subcommand)


def _section(name: str, command: Any) -> str:
    parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
    options = [
        parameter for parameter in parameters if parameter not in arguments and _HELP_OPTION not in parameter.opts
    ]
    usage = " ".join([name, *(["[OPTIONS]"] if options else []), *map(_usage, arguments)])
    return section(
        code(name),
        command.help or "",
        block(usage),
        table(("argument", "meaning"), [(code(_usage(each)), each.help or "") for each in arguments])
        if arguments
        else "",
        table(("option", "meaning"), [(_spelling(each), _meaning(each)) for each in options]) if options else "",
    )


def _usage(argument: Any) -> str:
    name = (argument.metavar or argument.name.upper()) + ("..." if argument.nargs != 1 else "")
    return name if argument.required else f"[{name}]"


def _spelling(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return ", ".join(code(f"{name}{value}") for name in [*option.opts, *option.secondary_opts])


def _meaning(option: Any) -> str:
    variables = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    notes = [f"Or the variable {', '.join(map(code, variables))}."] if variables else []
    if option.required:
        notes.append("Required.")
    elif not option.is_flag and isinstance(option.default, str | int | float) and option.default != "":
        notes.append(f"Default: {code(_machine_independent(option.default))}.")
    return " ".join([*([option.help] if option.help else []), *notes])


def _machine_independent(default: object) -> str:
    return str(default).replace(str(PROJECT_DIR), "<project>")
