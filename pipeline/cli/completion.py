"""`lora-pipeline completion`: what a shell needs to complete commands and options."""

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Those that can."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="Which shell it is for.")]) -> None:
    """Print the script by which a shell completes commands and options.

    bash, zsh: put `eval "$(lora-pipeline completion bash)"` into ~/.bashrc, or zsh's into ~/.zshrc. fish:
    `lora-pipeline completion fish > ~/.config/fish/completions/lora-pipeline.fish`.
    """
    from pipeline.cli.command_line import COMPLETE, PROGRAM
    from pipeline.cli.typer_internals import completion_script

    typer.echo(completion_script(PROGRAM, COMPLETE, shell.value))
