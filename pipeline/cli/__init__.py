"""The command line `lora-pipeline`: which commands there are, and where the process begins and ends.

A command is a function in a module of its own here, added below by one line. Modules of this package import only
light things at their top (typer, rich, our errors); what reads data or talks to a service is imported in the
command's body, so that `--help` stays quick. Commands raise typed errors; `common.py` makes sentences of them.
"""

import gc
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from pipeline.cli.adopt import adopt
from pipeline.cli.card import card
from pipeline.cli.check import check
from pipeline.cli.common import Commands, leave_on_termination
from pipeline.cli.convert import convert
from pipeline.cli.datasets import datasets
from pipeline.cli.demo import demo
from pipeline.cli.dev import dev
from pipeline.cli.doctor import doctor
from pipeline.cli.estimate import estimate
from pipeline.cli.findings import findings
from pipeline.cli.jobs import jobs
from pipeline.cli.mend import mend
from pipeline.cli.prices import gpus, models, prices
from pipeline.cli.query import query
from pipeline.cli.reconcile import reconcile
from pipeline.cli.serve import serve
from pipeline.cli.show_settings import settings
from pipeline.cli.upload import upload

PROGRAM = "lora-pipeline"
_COLLECT_AFTER = 20_000  # objects: libraries make many that stay, and Python's 700 would look through them all the time

app = typer.Typer(
    name=PROGRAM,
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"{PROGRAM} {version('lora-dataset-pipeline')}")
        raise typer.Exit


@app.callback()
def about(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Say of conversation datasets whether they can train a model, and prepare the training."""


for command in (
    check, card, mend, convert, upload, findings, query, estimate, models, gpus, demo, dev, serve, doctor, settings,
    adopt, reconcile,
):  # fmt: skip
    app.command()(command)
app.add_typer(datasets, name="datasets")
app.add_typer(jobs, name="jobs")
app.add_typer(prices, name="prices")


def main() -> NoReturn:
    """Run the command that the process was started with."""
    gc.set_threshold(_COLLECT_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # it reads the metadata of every installed library for them
    signal.signal(signal.SIGTERM, leave_on_termination)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 gets \u2713, no crash
    try:
        get_command(app).main(prog_name=PROGRAM)
    finally:
        gc.freeze()  # what ends with the process need not be collected first, which takes as long as reading a file
    raise AssertionError("Commands.main always exits")
