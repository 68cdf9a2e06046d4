"""Dagster's queue of runs, whose daemon makes sure that it is the only one of the installation.

Two daemons would both take runs out of the queue and tick the same sensors. On one machine a lock in DAGSTER_HOME tells
them apart; the kernel frees it when its holder dies. Where Dagster's storage is on PostgreSQL the other may be on
another machine: then its heartbeats are watched for a while.
"""

import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from dagster import DagsterInstance

from pipeline.errors import UsageError
from resources.dagster_home import refuse
from resources.dagster_internals import SqliteRunStorage
from resources.pausing_queue import PausingRunCoordinator

_LOG = logging.getLogger(__name__)
LOCK = "daemon.lock"
_CURSOR = "lora/daemon"
_HEARTBEATS_WITHIN_S = 75.0  # Dagster's daemon sends one each 30 s
_held: list[IO[str]] = []  # until the process ends


class OneDaemonRunCoordinator(PausingRunCoordinator):
    """The queue; its daemon holds the lock for as long as it lives."""

    @property
    def dequeue_interval_seconds(self) -> int:
        """Asked once, by a daemon while it is made, and by nothing else: here it takes the lock."""
        try:
            hold(self._instance)
        except UsageError as error:
            refuse(error)
        return super().dequeue_interval_seconds


def hold(instance: DagsterInstance) -> None:
    """Become the daemon of an installation.

    Raises:
        UsageError: another one works.
    """
    if _held:
        return
    path = Path(instance.root_directory) / LOCK
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UsageError(_refusal(holder(path), f"holds {path}")) from None
    try:
        if not isinstance(instance.run_storage, SqliteRunStorage):
            _be_alone_among_machines(instance)
    except BaseException:
        file.close()
        raise
    file.truncate(0)
    file.write(_ourselves())
    file.flush()
    _held.append(file)


def holder(path: Path) -> str | None:
    """Who holds the lock, in words; None where nobody does."""
    try:
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _in_words(file.read())
    except FileNotFoundError:
        pass
    return None


def _be_alone_among_machines(
    instance: DagsterInstance, sleep: Callable[[float], None] = time.sleep, within_s: float = _HEARTBEATS_WITHIN_S
) -> None:
    noted = instance.run_storage.get_cursor_values({_CURSOR}).get(_CURSOR)
    last = _last_heartbeat_s(instance)
    if noted and last is not None and json.loads(noted)["host"] != socket.gethostname():
        waited_s = time.time() - last  # its clock may differ from ours: only then it takes longer
        while waited_s < within_s:
            _LOG.warning("waiting up to %.0f s to see whether %s still works", within_s - waited_s, _in_words(noted))
            sleep(min(5.0, within_s - waited_s))
            waited_s += 5.0
            if _last_heartbeat_s(instance) != last:
                raise UsageError(_refusal(_in_words(noted), "sends heartbeats to Dagster's database"))
    instance.run_storage.set_cursor_values({_CURSOR: _ourselves()})


def _last_heartbeat_s(instance: DagsterInstance) -> float | None:
    return max((each.timestamp for each in instance.get_daemon_heartbeats().values()), default=None)


def _ourselves() -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname()})


def _in_words(noted: str) -> str:
    try:
        found = json.loads(noted)
        return f"process {found['pid']} on {found['host']}"
    except (ValueError, TypeError, KeyError):
        return "a process"  # which has the lock and did not write into it yet


def _refusal(who: str | None, how: str) -> str:
    return (
        f"another daemon works on this installation: {who or 'a process'} {how}; end it first, or do without this one"
    )
