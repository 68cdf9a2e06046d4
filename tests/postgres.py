"""A private PostgreSQL server for tests: made from the installed package in a temporary folder, gone afterwards.

Tests ask for `postgres_server` (one for the session) or `postgres_url` (an empty database of their own).
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg2
import pytest

from tests.processes import children
from tests.services import postgres_bin


@dataclass(frozen=True)
class PostgresServer:
    """A running server that trusts everybody on this machine.

    home: its folder; data, log and socket are there. control: `pg_ctl` for it.
    """

    port: int
    home: Path
    control: tuple[str | Path, ...]
    settings: str
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        connection = psycopg2.connect(self.url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}"')
        finally:
            connection.close()
        return self.url(name)

    def start(self) -> None:
        """Start it, after `stop_hard` with everything that was committed."""
        _run([*self.control, "-l", self.home / "log", "-o", self.settings, "start"], self.home)

    def stop_hard(self) -> None:
        """End all its processes at once, as a crash would: connections break, the next start recovers."""
        _run([*self.control, "-m", "immediate", "stop"], self.home)

    def freeze(self) -> None:
        """Leave connections open and answer nothing, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the postmaster, and to its backends, which have process groups of their own."""
        postmaster = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        for process in (postmaster, *children(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(process, number)


@contextmanager
def running_server(programs: Path) -> Iterator[PostgresServer]:
    """Start a server on a free port of the loopback interface and stop it in the end."""
    # Not pytest's own folder: the server's user could not look into it.
    home = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        prefix = _as_server_user(home)
        data = home / "data"
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _run([*prefix, programs / "initdb", "-D", data, *options], home)
        port = _free_port()
        # Nothing has to survive a power cut here, so nothing waits for the disk. It must survive `stop_hard`, so a
        # commit waits until it is written (synchronous_commit, which is on by itself).
        settings = (
            f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c max_connections=200 "
            "-c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
        )
        control = (*prefix, programs / "pg_ctl", "-D", data, "-w", "-t", "60")
        server = PostgresServer(port, home, control, settings)
        server.start()
        # Stops it when the pipe to us ends, so that it never outlives this process, however that ends.
        stop = [str(part) for part in (*control, "-m", "immediate", "stop")]
        guard = subprocess.Popen(
            ["bash", "-c", 'cat; exec "$@" >/dev/null', "bash", *stop],
            cwd=home,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield server
        finally:
            guard.communicate()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _as_server_user(home: Path) -> list[str]:
    """Return how to start the programs: the server refuses to run as root, so root lends it the user `postgres`."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(home, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _run(command: list[str | Path], home: Path) -> None:
    # The server inherits the output, so a pipe would never end; the folder is one that its user may enter.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run([str(part) for part in command], stdout=output, stderr=output, cwd=home, check=False)
        output.seek(0)
        assert done.returncode == 0, f"{command}: {output.read().decode()}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def as_ordinary_role(url: str) -> str:
    """Give an empty database to a role that row-level security binds; superusers, as in `url`, are bound by nothing."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'plain'")
        if not cursor.fetchone():
            cursor.execute("CREATE ROLE plain LOGIN")
        cursor.execute(f'ALTER DATABASE "{url.rpartition("/")[2]}" OWNER TO plain')
        cursor.execute("ALTER SCHEMA public OWNER TO plain")
    return url.replace("postgres@", "plain@")


def _server() -> Iterator[PostgresServer]:
    programs = postgres_bin()
    if programs is None:
        pytest.skip("PostgreSQL is missing: `make test-all` installs it")
    with running_server(programs) as server:
        yield server


postgres_server = pytest.fixture(_server, scope="session", name="postgres_server")
# For a test that stops it, or lets it hang.
own_postgres_server = pytest.fixture(_server, name="own_postgres_server")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()
