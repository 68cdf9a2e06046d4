"""The commands of `lora-pipeline` put together: all of them, or those that a process was asked for."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from pipeline.cli.common import Commands
from pipeline.cli.typer_internals import import_pydantic_late

PROGRAM = "lora-pipeline"
COMPLETE = "_LORA_PIPELINE_COMPLETE"
"""The variable by which a shell asks which words may come next, instead of running a command."""

# In the order of the help. A command is a function of its name (with _ for -), a group a `Typer`; a module of the name
# has it, or that which stands behind the colon.
COMMANDS = (
    *(
        "check",
        "card",
        "mend",
        "convert",
        "plan",
        "estimate",
        "upload",
        "findings",
        "query",
        "export",
        "base-models:prices",
        "gpus:prices",
    ),
    *(
        "demo",
        "dev",
        "serve",
        "doctor",
        "preflight",
        "introspect",
        "settings:show_settings",
        "adopt",
        "reconcile",
        "lake",
        "completion",
    ),
    *("datasets", "jobs", "models"),
    *("costs", "prices", "scaffolds", "generate", "conversations", "training-files:training_files"),
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
    import_pydantic_late()
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
        command = getattr(import_module(f"pipeline.cli.{module or name}"), name.replace("-", "_"))
        if isinstance(command, typer.Typer):
            made.add_typer(command, name=name)
        else:
            made.command(name)(command)
    return made


def asked(arguments: Sequence[str]) -> Iterable[str]:
    """The command that is named first, or all: to import all takes longer than to read a small file."""
    first = next(iter(arguments), "")
    return [command for command in COMMANDS if command.partition(":")[0] == first] or COMMANDS
