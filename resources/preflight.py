"""`python -m resources.preflight`: is Dagster's home whole, is no other daemon at work? What is missing is made.

`lora-pipeline dev` asks before it starts anything, so that a person reads one sentence instead of four tracebacks.
"""

import os
import sys
import time
from pathlib import Path

import dagster as dg

from pipeline.errors import PipelineError, StateError, UsageError
from resources.dagster_home import files_that_can_be_used, profile_problem
from resources.run_coordinator import LOCK, holder

_PATIENCE_S = 10.0  # the daemon of a `dev` that was killed takes some seconds to end


def check(home: Path) -> None:
    """Open what Dagster's processes will open.

    Raises:
        StateError: a file cannot be used.
        UsageError: a daemon is at work.
    """
    if problem := profile_problem(home):
        raise StateError(problem)
    with files_that_can_be_used(home):
        with dg.DagsterInstance.from_config(str(home)):
            pass
        _insist_on_no_other(home / LOCK)


def _insist_on_no_other(lock: Path) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while who := holder(lock):
        if time.monotonic() > deadline_s:
            raise UsageError(f"this installation runs already: {who} holds {lock}; end it first")
        time.sleep(0.2)


def main() -> int:
    """Check the home of the environment; returns the exit code."""
    try:
        check(Path(os.environ["DAGSTER_HOME"]))
    except PipelineError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
