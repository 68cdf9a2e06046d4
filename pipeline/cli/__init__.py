"""The command line `lora-pipeline`: where the process begins and ends.

A command is a function in a module of its own here; `command_line.py` names them all. Modules of this package import
only light things at their top (typer, rich, our errors); what reads data or talks to a service is imported in the
command's body, so that `--help` stays quick, and this one imports nothing: each process that helps to read a file runs
it again. Commands raise typed errors; `common.py` makes sentences of them.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typer import Typer

_COLLECT_AFTER = 20_000  # objects: libraries make many that stay, and Python's 700 would look through them all the time


def __getattr__(name: str) -> "Typer":
    """`app` is the command line with all commands."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline.cli.command_line import COMMANDS, app_of

    return app_of(COMMANDS)


@contextmanager
def lasting_imports() -> Iterator[None]:
    """Keep the garbage collector from what is imported inside, now and later: it stays until the process ends.

    Does nothing in a process that is not ours.
    """
    if gc.get_threshold()[0] != _COLLECT_AFTER:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def main() -> NoReturn:
    """Run the command that the process was started with."""
    gc.set_threshold(_COLLECT_AFTER)
    with lasting_imports():
        from typer.main import get_command

        from pipeline.cli.command_line import COMPLETE, PROGRAM, app_of, asked
        from pipeline.cli.common import leave_on_termination
        from pipeline.cli.typer_internals import prepare_completion

    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # it reads the metadata of every installed library for them
    # Work is shared out to a process per core: threads of a block's queries would only wake one another.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    signal.signal(signal.SIGTERM, leave_on_termination)
    if COMPLETE in os.environ:
        prepare_completion()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 gets \u2713, no crash
    try:
        get_command(app_of(asked(sys.argv[1:]))).main(prog_name=PROGRAM)
    finally:
        # What ends with the process need not be collected first, which takes as long as reading a file; but DuckDB
        # would complain of what is left.
        if "duckdb" not in sys.modules:
            gc.freeze()
    raise AssertionError("Commands.main always exits")
