"""Lets the processes of tests start and end sooner: what imports make stays, and looking through it is a third of both.

`tests/conftest.py` puts this folder on PYTHONPATH; Python imports it by its name. Garbage is collected all the same,
less often; what is there when a process ends goes with it.
"""

import atexit
import gc
import os
import sys

gc.set_threshold(50_000, 20, 100)


@atexit.register  # as the first: called as the last
def _leave_all_as_it_is() -> None:
    """Python looks four times through half a million objects of Dagster's before it ends, for 0.8 s of CPU."""
    gc.freeze()
    if "_duckdb" in sys.modules:  # lists then what it still has, as if it had forgotten it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
