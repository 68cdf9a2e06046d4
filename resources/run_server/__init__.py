"""Dagster's server of code, which forks the processes of runs; `python -m resources.run_server` starts it.

Dagster's own starts a new Python for each run, which imports the definitions for 2.5 seconds of processor time before
it does anything. Ours has them imported once more beside the server, by a process that does nothing else (Python's
`forkserver`), and forks each run from there: it begins within milliseconds, with the code that was there when that
process began, and shares the memory of what was imported.

A fork loses all threads but one, so that process must have used nothing that starts some: `resources/run_imports.py`.
Elsewhere than on Linux the libraries of the system do not bear it, and Dagster's own way stays.
"""

import multiprocessing
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from typing import Any

from resources.dagster_internals import DagsterApiServer

NAME = "dagster-run"  # of a run's process in `ps` and `top`; the kernel keeps 15 characters
_LAST_IMPORTED = "resources.run_imports"


class ForkingServer(DagsterApiServer):
    """Dagster's server of code. Runs are forked where it could load its definitions, and they are a module."""

    _mp_ctx: Any  # by which each run is started

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        origin = self._loadable_target_origin
        if sys.platform == "linux" and origin and origin.module_name and not self._serializable_load_error:
            try:
                self._mp_ctx = forking(origin.module_name)
            except OSError as error:  # such as a TMPDIR too long for a socket's name
                self._logger.warning("runs are not forked, and begin some seconds later: %s", error)


def forking(module: str) -> ForkServerContext:
    """Makes processes that have imported the module already; what they are forked from begins at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module, _LAST_IMPORTED])
    forkserver.ensure_running()  # not with the first run, which would wait for it
    return context
