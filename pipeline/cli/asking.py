"""Asks a person before money is spent or many things change; the option `--yes` answers for them."""

import sys
from typing import Annotated

import typer

from pipeline.cli.common import NOT_READY
from pipeline.errors import UsageError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


def ask_first(question: str, *, is_sure: bool) -> None:
    """Go on only where a person says so, or said so before. question: ends in a question mark.

    Raises:
        UsageError: there is nobody who could be asked.
        Exit: they said no.
    """
    if is_sure:
        return
    if not _somebody_is_there():
        raise UsageError(f"expected somebody to ask, found no terminal: {question} --yes answers")
    if not typer.confirm(question, err=True):
        raise typer.Exit(NOT_READY)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty()
