"""The command line `lora-pipeline`: which commands there are, and where the process begins and ends.

A command is a function in a module of its own here, added below by its name. Modules of this package import only
light things at their top (typer, rich, our errors); what reads data or talks to a service is imported in the
command's body, so that `--help` stays quick. Commands raise typed errors; `common.py` makes sentences of them.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from pipeline.cli.common import Commands, leave_on_termination

PROGRAM = "lora-pipeline"
_COLLECT_AFTER = 20_000  # objects: libraries make many that stay, and Python's 700 would look through them all the time

# In the order of the help. A command is a function of its name, a group a `Typer`; a module of the name has it, or that
# which stands behind the colon.
COMMANDS = (
    *("check", "card", "mend", "convert", "upload", "findings", "query", "estimate", "models:prices", "gpus:prices"),
    *("demo", "dev", "serve", "doctor", "settings:show_settings", "adopt", "reconcile", "datasets", "jobs", "prices"),
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"{PROGRAM} {version('lora-dataset-pipeline')}")
        raise typer.Exit


def about(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Say of conversation datasets whether they can train a model, and prepare the training."""


def app_of(commands: Iterable[str]) -> typer.Typer:
    """The command line with some of COMMANDS."""
    made = typer.Typer(
        name=PROGRAM,
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(about)
    for name, _, module in (command.partition(":") for command in commands):
        command = getattr(import_module(f"pipeline.cli.{module or name}"), name)
        if isinstance(command, typer.Typer):
            made.add_typer(command, name=name)
        else:
            made.command()(command)
    return made


def _asked(arguments: Sequence[str]) -> Iterable[str]:
    """The command that is named first, or all: to import all takes longer than to read a small file."""
    first = next(iter(arguments), "")
    return [command for command in COMMANDS if command.partition(":")[0] == first] or COMMANDS


def __getattr__(name: str) -> typer.Typer:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return app_of(COMMANDS)


def main() -> NoReturn:
    """Run the command that the process was started with."""
    gc.set_threshold(_COLLECT_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # it reads the metadata of every installed library for them
    signal.signal(signal.SIGTERM, leave_on_termination)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 gets \u2713, no crash
    try:
        get_command(app_of(_asked(sys.argv[1:]))).main(prog_name=PROGRAM)
    finally:
        gc.freeze()  # what ends with the process need not be collected first, which takes as long as reading a file
    raise AssertionError("Commands.main always exits")
