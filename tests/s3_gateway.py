"""A real S3 service for tests: the fixture `s3_gateway`, started once a session by `start_s3_gateway.sh`.

It checks signatures, keeps the order of keys and answers conditional and ranged requests as production services do.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.processes import running

_START_TIMEOUT_S = 60
_SCRIPT = Path(__file__).with_name("start_s3_gateway.sh")
_PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw")


@dataclass(frozen=True)
class S3Gateway:
    """Where the service listens and who may use it."""

    endpoint_url: str
    access_key: str
    secret_key: str
    folder: Path
    _started_again: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.endpoint_url.rpartition(":")[2])

    @property
    def environment(self) -> dict[str, str]:
        """The variables from which any AWS program takes its credentials."""
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def client(self, endpoint_url: str = "", secret_key: str = "", max_attempts: int = 3) -> Any:
        """A boto3 client configured as in production, perhaps through another endpoint or with another secret."""
        import boto3

        from pipeline.state.store.s3_client import s3_config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url or self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            config=s3_config(max_attempts),
        )

    def new_bucket(self) -> str:
        """Create a bucket of a name not used before."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        client = self.client()
        client.create_bucket(Bucket=name)
        client.close()
        return name

    def stop_hard(self) -> None:
        """Kill the gateway; the disk behind it keeps what was stored."""
        self._signal(signal.SIGKILL)
        while self._processes():
            time.sleep(0.01)
        for process in self._started_again:
            process.communicate()
        self._started_again.clear()

    def start(self) -> None:
        """Start the gateway after `stop_hard`; returns when it answers."""
        # It ends with the pipe to us, so it never outlives this process, however that ends.
        script = '"$@" </dev/null & cat >/dev/null; kill -9 $!'
        gateway = ["radosgw", "-n", "client.rgw", "-c", str(self.folder / "ceph.conf"), "-f"]
        with (self.folder / "log" / "radosgw.out").open("ab") as log:
            self._started_again.append(
                subprocess.Popen(
                    ["bash", "-c", script, "bash", *gateway],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(0.1)

    def freeze(self) -> None:
        """Take connections and answer nothing, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._processes():
            os.kill(pid, number)

    def _processes(self) -> list[int]:
        conf = str(self.folder / "ceph.conf")
        return [each.pid for each in running() if each.command.startswith("radosgw ") and conf in each.command]


@pytest.fixture(scope="session")
def s3_gateway() -> Iterator[S3Gateway]:
    """The running service; skips, and says so, where its programs are not installed."""
    if missing := [program for program in _PROGRAMS if not shutil.which(program)]:
        packages = " ".join(_PROGRAMS)
        pytest.skip(f"no {', '.join(missing)}: apt-get install --no-install-recommends {packages}")
    with running_gateway() as gateway:
        yield gateway


@contextmanager
def running_gateway() -> Iterator[S3Gateway]:
    """Start the service and stop it in the end."""
    # Not tmp_path: the path of a Unix socket inside must stay under 108 bytes.
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        command = [str(_SCRIPT), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline()  # the script gives up by itself after 30 s
                if not line:
                    raise RuntimeError(f"{_SCRIPT.name} did not start the service; it says why above")
                gateway = S3Gateway(*line.split(), folder=Path(folder))
                yield gateway
                gateway.stop_hard()  # the script knows nothing of one that was started again
            finally:
                process.stdin.close()  # which ends the script and its servers
                process.wait(timeout=20)
