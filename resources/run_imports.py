"""What the process that runs are forked from imports last: it gets ready all that any run would need first.

Nothing here may start a thread or open a connection: a fork shares neither.
"""

import atexit
import gc
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import dagster as dg
import pyarrow.dataset  # noqa: F401

from pipeline.card.page import load_templates
from pipeline.child_processes import end_with
from pipeline.training.estimates.measurements import load_measurements
from resources import dagster_home, event_log, run_coordinator  # noqa: F401
from resources.run_server import NAME


@dg.op(name="nothing")
def _nothing() -> None:
    """Takes no time."""


def _execute_nothing() -> None:
    """Make Dagster import what it does with the first step that a process executes."""
    job = dg.GraphDefinition("nothing", node_defs=[_nothing]).to_job()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process({"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}, instance)


_is_run = False


def _begin(end_with_server: Callable[[], None]) -> None:
    """Called first in each process that is forked; what a run forks itself is not the server's.

    A server that was killed can tell nobody how its runs end: Dagster holds them for dead then, and starts them again.
    """
    global _is_run  # which those that a run forks inherit
    if _is_run:
        return
    _is_run = True
    end_with_server()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(OSError):  # only a name
        Path("/proc/self/comm").write_text(NAME)


for _prepare in (_execute_nothing, load_templates, load_measurements):
    try:
        _prepare()
    except Exception:  # such as a full disk: each run does it for itself then
        logging.getLogger(__name__).warning("every run will be slower to begin", exc_info=True)
os.register_at_fork(after_in_child=partial(_begin, end_with(os.getpid(), signal.SIGKILL)))
# It ends by itself when the server and all runs have ended. Who tells a whole service to end, as systemd does, tells
# this process, too, and the runs would be killed with it before they have put anything in order.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
gc.collect()
gc.freeze()  # what is there now is looked through by no run again, and so stays shared
atexit.register(gc.unfreeze)  # else DuckDB tells at length what it could not take away
