"""What Linux tells of processes: their parents, their command lines, and the variables they were started with.

`python -m tests.processes NAME=value` waits until its input ends, and then kills all that were started with that.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Running:
    """A process that lives. command: its arguments, with spaces between; name: as `ps` and `top` show it."""

    pid: int
    parent: int
    command: str
    name: str


def running() -> Iterator[Running]:
    """Every process that may be looked at; those that have ended and wait for their parents are left out."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # it ended meanwhile, or is another user's
            # The name in parentheses may hold spaces and parentheses of its own.
            name, _, fields = (folder / "stat").read_text().partition(" (")[2].rpartition(")")
            state, parent, *_ = fields.split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            if state not in "ZX":
                yield Running(int(folder.name), int(parent), command, name)


def children(pid: int) -> list[int]:
    """The process numbers of its children."""
    return [process.pid for process in running() if process.parent == pid]


def started_with(variable: str) -> list[Running]:
    """All processes that were started with a variable, given as `NAME=value`."""
    wanted = variable.encode()
    return [process for process in running() if wanted in _environment(process.pid)]


def _environment(pid: int) -> list[bytes]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


def kill_all(variable: str) -> None:
    """SIGKILL every process that was started with a variable, until there is none."""
    while alive := started_with(variable):
        for process in alive:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.05)


@contextmanager
def none_left(variable: str) -> Iterator[None]:
    """End every process that was started with a variable after the block, however the block or this process ends."""
    command = [sys.executable, "-m", "tests.processes", variable]
    root = Path(__file__).resolve().parent.parent
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=root, start_new_session=True)
    try:
        yield
    finally:
        guard.communicate()


if __name__ == "__main__":
    sys.stdin.read()
    kill_all(sys.argv[1])
