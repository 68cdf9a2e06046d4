"""The processes of an installation: started as operations.md says, found by what they are, killed, started again."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Literal, Self

from pipeline.installation import serve_command
from pipeline.settings import PROJECT_DIR
from tests.chaos.places import Places
from tests.processes import Running, kill_all, none_left, started_with

Part = Literal["daemon", "code server", "run", "service", "webserver"]
PARTS: tuple[Part, ...] = ("daemon", "code server", "run", "service", "webserver")
_TEND_EVERY_S = 0.5
_STOP_TIMEOUT_S = 60.0


class System:
    """Daemon, webserver and service of one installation; whichever dies is started again, as an init system does it.

    Code servers and runs are Dagster's own children, and for it to start again. died: how often each part was found
    dead that `kill` had not killed. has_webserver: nothing depends on it, and it costs as much as the daemon.
    """

    def __init__(self, places: Places, has_webserver: bool = True) -> None:
        self.places = places
        self.service_url = f"http://127.0.0.1:{_free_port()}"
        self.died: Counter[str] = Counter()
        self._variable = f"LORA_DATA_DIR={places.settings.data_dir}"
        self._commands = _commands(self.service_url)
        if not has_webserver:
            del self._commands["webserver"]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: set[int] = set()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._tending = threading.Thread(target=self._tend, daemon=True)

    def __enter__(self) -> Self:
        self.places.settings.data_dir.mkdir(parents=True, exist_ok=True)
        for name in self._commands:
            self._start(name)
        self._tending.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything: gently first, so that no test leaves a process behind or a file half removed."""
        self._is_over.set()
        self._tending.join()
        for process in self._processes.values():
            process.terminate()
        deadline_s = time.monotonic() + _STOP_TIMEOUT_S
        while self.alive() and time.monotonic() < deadline_s:
            for process in self._processes.values():
                process.poll()
            time.sleep(0.1)
        kill_all(self._variable)
        for process in self._processes.values():
            process.wait()

    def alive(self) -> list[Running]:
        """Every process of the installation."""
        return started_with(self._variable)

    def find(self, part: Part) -> list[int]:
        """Process numbers of a part, as far as there are any now."""
        alive = self.alive()
        parts = {process.pid: _part(process) for process in alive}
        servers = {pid for pid, found in parts.items() if found == "code server"}
        # A run is a child of its code server; what the server left behind when it died has another parent, and what is
        # a child of a run is a worker of it.
        runs = {process.pid for process in alive if _is_spawned(process) and parts.get(process.parent) is None}
        runs |= {process.pid for process in alive if _is_spawned(process) and process.parent in servers}
        spawned = {process.pid for process in alive if _is_spawned(process)}
        runs -= {process.pid for process in alive if process.parent in spawned}
        return sorted(runs) if part == "run" else [pid for pid, found in parts.items() if found == part]

    def kill(self, pid: int) -> None:
        """SIGKILL."""
        with self._lock:
            self._killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def log_tail(self, name: str, size_bytes: int = 4_000) -> str:
        """The end of what a process printed."""
        return (self.places.settings.data_dir / f"{name}.log").read_bytes()[-size_bytes:].decode("utf-8", "replace")

    def wait_until_up(self, timeout_s: float = 180.0) -> None:
        """Wait until the service answers and the daemon has a code server.

        Raises:
            RuntimeError: that takes too long.
        """
        deadline_s = time.monotonic() + timeout_s
        port = int(self.service_url.rpartition(":")[2])
        while not (_listens(port) and self.find("code server")):
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"not up after {timeout_s:.0f} s:\n{self.log_tail('daemon')}")
            time.sleep(0.2)

    def _start(self, name: str) -> None:
        with (self.places.settings.data_dir / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._commands[name],
                cwd=PROJECT_DIR,
                env=dict(self.places.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _tend(self) -> None:
        while not self._is_over.wait(_TEND_EVERY_S):
            with self._lock:
                for name, process in list(self._processes.items()):
                    if process.poll() is not None:
                        self.died[name] += process.pid not in self._killed
                        self._start(name)


@contextmanager
def running_system(places: Places, has_webserver: bool = True) -> Iterator[System]:
    """Start it, wait until it is up, end it after the block."""
    with none_left(f"LORA_DATA_DIR={places.settings.data_dir}"), System(places, has_webserver) as system:
        system.wait_until_up()
        yield system


def _commands(service_url: str) -> dict[str, list[str]]:
    workspace = ["-w", str(PROJECT_DIR / "workspace.yaml")]
    service_port = int(service_url.rpartition(":")[2])
    ui_port = str(_free_port())
    return {
        "daemon": [sys.executable, "-m", "dagster._daemon", "run", *workspace],
        "webserver": [sys.executable, "-m", "dagster_webserver", *workspace, "-h", "127.0.0.1", "-p", ui_port],
        "service": serve_command("127.0.0.1", service_port),
    }


def _part(process: Running) -> Part | None:
    for part, mark in {
        "daemon": "-m dagster._daemon run",
        "webserver": "-m dagster_webserver",
        "service": "-m pipeline.cli serve",
        "code server": "api grpc",
    }.items():
        if mark in process.command:
            return part
    return None


def _is_spawned(process: Running) -> bool:
    return "multiprocessing.spawn" in process.command


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False
