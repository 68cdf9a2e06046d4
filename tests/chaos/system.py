"""The processes of an installation: started as operations.md says, found by what they are, killed, started again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, Self

from pipeline.installation import code_server, daemon, service, webserver, write_workspace
from pipeline.settings import PROJECT_DIR
from resources.run_server import NAME
from tests.chaos.places import Places
from tests.chaos.uploads import Upload
from tests.processes import Running, kill_all, none_left, started_with

Part = Literal["daemon", "code server", "run", "service", "webserver"]
PARTS: tuple[Part, ...] = ("daemon", "code server", "run", "service", "webserver")
_TEND_EVERY_S = 0.5
_START_TIMEOUT_S = 300.0
_LOG_TAIL = 4_000


class System:
    """The parts of one installation, as `lora-pipeline dev` has them, started again without end where they die.

    Runs are the code server's children, and for Dagster to start again. died: how often each part was found dead that
    `kill` had not killed. uploads: all that it was ever given, to be judged by. has_webserver: nothing depends on it,
    and it costs as much as the daemon.
    """

    def __init__(self, places: Places, has_webserver: bool = True) -> None:
        self.places = places
        self.service_url = f"http://127.0.0.1:{_free_port()}"
        self.died: Counter[str] = Counter()
        self.uploads: list[Upload] = []
        self._variable = f"LORA_DATA_DIR={places.settings.data_dir}"
        # Not in the installation's folder: a socket's path must stay under 108 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        workspace, self._code_socket = write_workspace(self._folder)
        self._commands = _commands(workspace, self._code_socket, self.service_url)
        if not has_webserver:
            del self._commands["webserver"]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: set[int] = set()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._tending = threading.Thread(target=self._tend, daemon=True)

    def __enter__(self) -> Self:
        self.places.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._start("code server")
        _wait(lambda: _listens(self._code_socket), self)  # its clients would wait a minute for their next try
        for name in self._commands:
            if name not in self._processes:
                self._start(name)
        self._tending.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything as an outage of power would: what is judged is there already, or has to outlive that."""
        self._is_over.set()
        self._tending.join()
        kill_all(self._variable)
        for process in self._processes.values():
            process.wait()
        shutil.rmtree(self._folder)

    def alive(self) -> list[Running]:
        """Every process of the installation."""
        return started_with(self._variable)

    def find(self, part: Part) -> list[int]:
        """Process numbers of a part, as far as there are any now."""
        if part == "run":
            return sorted(process.pid for process in self.alive() if process.name == NAME)
        # Its worker is as good as itself: nothing works without it.
        wanted = (part, f"worker of the {part}")
        return [process.pid for process in self.alive() if _part(process) in wanted]

    def kill(self, pid: int) -> None:
        """SIGKILL. With the worker that loads the code the code server dies, too: its supervisor sees to that."""
        with self._lock:
            killed = [each for each in self.alive() if each.pid == pid]
            proxies = [self._processes["code server"].pid] if any("api grpc" in each.command for each in killed) else []
            for each in (pid, *proxies):
                self._killed.add(each)
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)

    def log(self, name: str) -> str:
        """What a process printed, all that were started under this name together."""
        return (self.places.settings.data_dir / f"{name}.log").read_text("utf-8", "replace")

    def wait_until_up(self) -> None:
        """Wait until the service answers and the daemon lives.

        Raises:
            RuntimeError: that takes too long.
        """
        port = int(self.service_url.rpartition(":")[2])
        _wait(lambda: _listens(port) and bool(self.find("daemon")), self)

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


def _commands(workspace: Path, code_socket: Path, service_url: str) -> dict[str, tuple[str, ...]]:
    host, service_port = "127.0.0.1", int(service_url.rpartition(":")[2])
    return {
        "code server": code_server(code_socket).command,
        "daemon": daemon(workspace).command,
        "webserver": webserver(workspace, host, _free_port()).command,
        "service": service(host, service_port).command,
    }


def _part(process: Running) -> str | None:
    for part, mark in {
        "daemon": "-m dagster._daemon run",
        "webserver": "-m dagster_webserver",
        "service": "-m pipeline.cli serve",
        "code server": "-m resources.code_server",
        "worker of the code server": "api grpc",
    }.items():
        if mark in process.command:
            return part
    is_run = process.name == NAME  # forked, so its command is that of the process it was forked from
    return "worker of the code server" if "multiprocessing.forkserver" in process.command and not is_run else None


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(where: int | Path) -> bool:
    kind = socket.AF_INET if isinstance(where, int) else socket.AF_UNIX
    with suppress(OSError), socket.socket(kind) as client:
        client.connect(("127.0.0.1", where) if isinstance(where, int) else str(where))
        return True
    return False


def _wait(is_true: Callable[[], bool], system: System) -> None:
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while not is_true():
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"not up after {_START_TIMEOUT_S:.0f} s:\n{system.log('code server')[-_LOG_TAIL:]}")
        time.sleep(0.1)
