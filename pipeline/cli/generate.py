"""`lora-pipeline generate`: conversations that a model writes, from the plan to the end of a batch."""

import typer

from pipeline.cli.batch_calls import calls
from pipeline.cli.batch_failures import failures
from pipeline.cli.batch_moves import cancel, pause, retry, settle, start
from pipeline.cli.batch_plan import plan
from pipeline.cli.batch_status import status
from pipeline.cli.batch_work import work
from pipeline.cli.common import Group

generate = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Plan conversations that a model writes; start, watch, pause and cancel batches of them.",
)
for command in (plan, start, status, failures, calls, retry, pause, cancel, settle, work):
    generate.command()(command)
