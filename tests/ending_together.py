"""What tests start ends with them, also when pytest is killed and no fixture is left to stop it.

Every process that the tests start, and each that those start, inherits a mark in its environment, whatever session,
group or parent it gets. A guardian beside pytest kills those with the mark once pytest is gone. (Only where there is
/proc; elsewhere nothing happens.)
"""

import os
import select
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the guardian runs this file, and needs nothing of it
    import pytest

MARK = "STARTED_BY_TESTS"
_PROCESSES = Path("/proc")
_LOOK_EVERY_S = 0.3
_guardians: "list[subprocess.Popen[bytes]]" = []


def pytest_configure(config: "pytest.Config") -> None:
    """Start the guardian, once for all workers."""
    if hasattr(config, "workerinput") or not (_PROCESSES / "self/environ").exists():
        return
    mark = uuid.uuid4().hex
    os.environ[MARK] = f"{os.environ.get(MARK, '')} {mark}".strip()  # tests of this very thing run inside other tests
    command = [sys.executable, "-P", __file__, str(os.getpid()), mark]  # -P: `html.py` beside it is not Python's
    _guardians.append(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))


def pytest_unconfigure() -> None:
    """Let it look once more, and go."""
    while _guardians:
        _guardians.pop().communicate()


def _guard(parent: int, mark: str) -> None:
    while os.getppid() == parent:
        if select.select([sys.stdin], [], [], _LOOK_EVERY_S)[0]:
            break
    for _ in range(3):  # what is killed may just have started another
        for process in _marked(mark):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _marked(mark: str) -> list[int]:
    found = []
    for folder in _PROCESSES.glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # gone, or somebody else's
            continue
        if any(each.startswith(f"{MARK}=".encode()) and mark.encode() in each for each in variables):
            found.append(int(folder.name))
    return [process for process in found if process != os.getpid()]


if __name__ == "__main__":
    _guard(int(sys.argv[1]), sys.argv[2])
