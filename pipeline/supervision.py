"""Keeps the processes of an installation running: starts again what died, ends all of them together.

What the processes are is in `installation.py`. Nothing here waits: `look` is called again and again, and the caller
decides how long.
"""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.child_processes import end_with
from pipeline.errors import ServiceError

MAX_RESTARTS = 3
WITHIN_S = 300.0
_END_S = 45.0  # Dagster's daemon gives each of its threads 30 s
_LOOKS_WITHOUT_WORKER = 3  # one look may miss it: the kernel's list of children changes while it is read


@dataclass(frozen=True, slots=True)
class Part:
    """A process of an installation. `worker`: it is of no use without a child whose command line has these words."""

    name: str
    command: tuple[str, ...]
    worker: str = ""


@dataclass(slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    had_worker: bool = False
    looks_without_worker: int = 0
    restarted_at_s: deque[float] = field(default_factory=deque)


class Supervisor:
    """Runs parts with one environment. say: where a sentence about a restart goes; clock_s: for the bound on them."""

    def __init__(
        self, variables: Mapping[str, str], say: Callable[[str], None], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._variables = dict(variables)
        self._say = say
        self._clock_s = clock_s
        self._running: list[_Running] = []

    def start(self, part: Part) -> None:
        """Start a part; it gets a session of its own, so a terminal's Ctrl-C reaches it through us, once."""
        self._running.append(_Running(part, self._open(part)))

    def look(self, *, may_restart: bool = True) -> None:
        """Start again what died since the last look.

        Raises:
            ServiceError: it died too often, or may not be started again.
        """
        for running in self._running:
            how = self._how_it_ended(running)
            if how is not None:
                self._restart(running, how, may_restart)

    def pids(self) -> dict[str, int]:
        """The process of each part."""
        return {running.part.name: running.process.pid for running in self._running}

    def end(self) -> None:
        """Ask all parts to end, the last that was started first, and kill those that do not."""
        for running in reversed(self._running):
            with suppress(ProcessLookupError):
                running.process.terminate()
        deadline_s = time.monotonic() + _END_S
        for running in self._running:
            try:
                running.process.wait(max(0.0, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
        self._running.clear()

    def _how_it_ended(self, running: _Running) -> str | None:
        code = running.process.poll()
        if code is not None:
            return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if not running.part.worker or not self._has_lost_worker(running):
            return None
        running.process.terminate()
        try:
            running.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
        return "lost the process that does its work"

    @staticmethod
    def _has_lost_worker(running: _Running) -> bool:
        """Whether a worker that was there is gone; one that was not there yet is still being started."""
        is_there = _has_child(running.process.pid, running.part.worker)
        running.had_worker |= is_there
        running.looks_without_worker = 0 if is_there else running.looks_without_worker + 1
        return running.had_worker and running.looks_without_worker >= _LOOKS_WITHOUT_WORKER

    def _restart(self, running: _Running, how: str, may_restart: bool) -> None:
        name = running.part.name
        if not may_restart:
            raise ServiceError(f"{name} {how} while it started: everything is stopped; what it printed above says why")
        now_s, times = self._clock_s(), running.restarted_at_s
        while times and times[0] <= now_s - WITHIN_S:
            times.popleft()
        if len(times) == MAX_RESTARTS:
            raise ServiceError(
                f"{name} {how}, {MAX_RESTARTS + 1} times within {WITHIN_S / 60:.0f} minutes: everything is stopped; "
                f"what it printed above says why"
            )
        times.append(now_s)
        self._say(f"{name} {how}; started again ({len(times)} of {MAX_RESTARTS} times in {WITHIN_S / 60:.0f} minutes)")
        running.process = self._open(running.part)
        running.had_worker, running.looks_without_worker = False, 0

    def _open(self, part: Part) -> subprocess.Popen[bytes]:
        die_with_us = end_with(os.getpid())
        return subprocess.Popen(part.command, env=self._variables, start_new_session=True, preexec_fn=die_with_us)


def _has_child(pid: int, words: str) -> bool:
    """Whether a process has a child whose command line has some words; believed where the system does not say.

    A zombie has no command line, and a child that has not started its program yet has that of its parent.
    """
    try:
        listed = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return True
    return not listed or any(words in _command_line(child) for line in listed for child in line.split())


def _command_line(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
