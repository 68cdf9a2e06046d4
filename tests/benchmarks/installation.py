"""A real installation in a folder of its own: `lora-pipeline dev` with its daemon, sensors and runs.

What happens is seen where everybody sees it, in the catalog; this process only copies files and looks.
"""

import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks.generate import small_uploads
from tests.benchmarks.processes import ROOT, environment

_START_TIMEOUT_S = 180.0
_STOP_TIMEOUT_S = 90.0
_POLL_S = 0.1
_TWO_TICKS_S = 12.0
_LOG_TAIL_BYTES = 4_000


@dataclass(frozen=True, slots=True)
class Installation:
    """A running one; `data_dir` holds the uploads, the warehouse, and the catalog where no `catalog_url` is given."""

    data_dir: Path
    process: "subprocess.Popen[bytes]"
    catalog_url: str = ""

    def ready_times_s(self, uploads: Sequence[Path], timeout_s: float, *, is_cut: bool = False) -> list[float]:
        """Drop files at once; return for each how long after the drop it was seen `ready`, ascending.

        is_cut: whether those that are not ready in time are left out.

        Raises:
            RuntimeError: one was rejected, or they were not all ready in time.
        """
        before = self._count("ready")
        folder = self.data_dir / "uploads" / "benchmark"
        folder.mkdir(parents=True, exist_ok=True)
        start_s = time.monotonic()
        for upload in uploads:
            shutil.copyfile(upload, folder / upload.name)
        times_s: list[float] = []
        while len(times_s) < len(uploads):
            now_s = time.monotonic() - start_s
            ready = self._count("ready") - before
            times_s += [now_s] * (ready - len(times_s))
            if is_cut and now_s > timeout_s:
                break
            if self._count("error") or now_s > timeout_s or self.process.poll() is not None:
                raise RuntimeError(
                    f"{ready} of {len(uploads)} uploads were ready after {now_s:.0f} s, {self._count('error')} were "
                    f"rejected; the end of the log:\n{self._log_tail()}"
                )
            time.sleep(_POLL_S)
        return times_s

    def wait_until_published(self, timeout_s: float = 120.0) -> None:
        """Wait until the warehouse is newer than the last verdict, so that nothing is under way.

        Raises:
            RuntimeError: that takes too long.
        """
        changed_at_s = self._last_change_s()
        deadline_s = time.monotonic() + timeout_s
        warehouse = self.data_dir / "warehouse.duckdb"
        while not (warehouse.exists() and warehouse.stat().st_mtime > changed_at_s):
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"no publication in {timeout_s:.0f} s; the end of the log:\n{self._log_tail()}")
            time.sleep(_POLL_S)
        time.sleep(2)  # the publishing process ends after its file is there

    def wait_until_idle(self, timeout_s: float = 180.0) -> None:
        """Wait until everything that follows an upload is done: planned, published, and no run for two ticks.

        Raises:
            RuntimeError: that takes too long.
        """
        self.wait_until_published(timeout_s)
        deadline_s = time.monotonic() + timeout_s
        idle_since_s = time.monotonic()
        while time.monotonic() - idle_since_s < _TWO_TICKS_S:
            if self._has_unfinished_run():
                idle_since_s = time.monotonic()
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"still busy after {timeout_s:.0f} s; the end of the log:\n{self._log_tail()}")
            time.sleep(_POLL_S)

    def _has_unfinished_run(self) -> bool:
        runs = f"file:{self.data_dir / 'dagster_home' / 'history' / 'runs.db'}?mode=ro"
        with closing(sqlite3.connect(runs, uri=True, timeout=30)) as connection:
            ended = "('SUCCESS', 'FAILURE', 'CANCELED')"
            [(count,)] = connection.execute(f"SELECT count(*) FROM runs WHERE status NOT IN {ended}").fetchall()
        return bool(count)

    def _count(self, status: str) -> int:
        if not self._has_catalog():
            return 0  # the daemon is still starting
        return int(self.ask("SELECT count(*) FROM datasets WHERE status = ?", status)[0][0])

    def _has_catalog(self) -> bool:
        if self.catalog_url:
            return self.ask("SELECT to_regclass('alembic_version')") != [(None,)]
        has_tables = "SELECT 1 FROM sqlite_master WHERE name = 'datasets'"
        return (self.data_dir / "catalog.db").exists() and bool(self.ask(has_tables))

    def _last_change_s(self) -> float:
        changed_at = str(self.ask("SELECT max(updated_at) FROM datasets")[0][0])  # UTC, without saying so
        return datetime.fromisoformat(changed_at).replace(tzinfo=UTC).timestamp()

    def ask(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        """What the catalog answers to SQL, its parameters as `?`."""
        if self.catalog_url:
            with _connection(self.catalog_url).cursor() as cursor:
                cursor.execute(sql.replace("?", "%s"), parameters)
                return list(cursor.fetchall())
        catalog = f"file:{self.data_dir / 'catalog.db'}?mode=ro"
        with closing(sqlite3.connect(catalog, uri=True, timeout=30)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def _log_tail(self) -> str:
        return (self.data_dir / "dev.log").read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")


@cache
def _connection(url: str) -> Any:
    """One for all questions: making one costs the server a process."""
    import psycopg2  # only who measures PostgreSQL needs it

    connection = psycopg2.connect(url, options="-c timezone=UTC")
    connection.autocommit = True
    return connection


@contextmanager
def running_installation(data_dir: Path, **variables: str) -> Iterator[Installation]:
    """Start an installation, wait until it has validated a first upload and published it, stop it after the block.

    variables: of its environment, `LORA_CATALOG_URL` where its catalog is on PostgreSQL.
    """
    data_dir.mkdir(parents=True)
    own = {"LORA_DATA_DIR": str(data_dir), "DAGSTER_DISABLE_TELEMETRY": "yes", **variables}
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "dev",
        "--port",
        str(_free_port()),
        "--service-port",
        str(_free_port()),
    ]
    with (data_dir / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment() | own, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            installation = Installation(data_dir, process, variables.get("LORA_CATALOG_URL", ""))
            # Conversations of a seed that no measurement uses.
            first = small_uploads(data_dir / "first", 1, seed=999)
            installation.ready_times_s([first[0].rename(data_dir / "first.jsonl")], _START_TIMEOUT_S)
            installation.wait_until_published()
            yield installation
            # A run that outlived its daemon would write into a folder that is being removed.
            installation.wait_until_published()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_TIMEOUT_S)


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
