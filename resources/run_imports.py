"""What the process that runs are forked from imports last: it gets ready to be forked."""

import gc
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.child_processes import end_with
from resources.run_server import NAME


def _begin(server: int, end_with_it: Callable[[], None]) -> None:
    """Called first in each process that is forked; what a run forks itself is not the server's.

    A server that was killed can tell nobody how its runs end: Dagster holds them for dead then, and starts them again.
    """
    if os.getppid() == server:
        Path("/proc/self/comm").write_text(NAME)
        end_with_it()


os.register_at_fork(after_in_child=partial(_begin, os.getpid(), end_with(os.getpid(), signal.SIGKILL)))
gc.collect()
gc.freeze()  # what was imported is looked through by no run again, and so stays shared
