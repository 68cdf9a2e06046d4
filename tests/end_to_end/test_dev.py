"""`lora-pipeline dev` with everything real: its parts die, others want its place, it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from functools import partial
from pathlib import Path

import duckdb
import pytest

from pipeline.clock import utc_now
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests import waiting
from tests.installation import PROJECT_DIR, bad_file, valid_file

PATIENCE_S = 240
until = partial(waiting.until, patience_s=PATIENCE_S, look_s=0.2)  # a look costs, too
PROGRAM = [sys.executable, "-m", "pipeline.cli"]
DAEMON = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(PROJECT_DIR / "workspace.yaml")]
PARTS = ("pipeline.cli serve", "resources.code_server", "resources.run_server", "dagster_webserver", "dagster._daemon")


class Running:
    """The command, what it said, and the processes below it."""

    def __init__(self, data_dir, process, ports):
        self.data_dir, self.process, self.ports = data_dir, process, ports
        self.lines: list[str] = []
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()

    def _listen(self):
        self.lines += iter(self.process.stderr.readline, "")
        self.process.stderr.close()

    def wait_for(self, text, since=0):
        """Wait for a line that has the text."""

        def is_said():
            assert self.process.poll() is None, "".join(self.lines[-50:])
            return any(text in line for line in self.lines[since:])

        until(is_said, lambda: "".join(self.lines[-50:]))

    def parts(self):
        """The process of each part, by what its command line says."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"LORA_DATA_DIR={self.data_dir}".encode() not in stat.read_bytes().split(b"\0"):
                    continue
                command = stat.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            found |= {part: int(stat.parent.name) for part in PARTS if part in command}
        return found

    def has_looked_since(self, moment):
        with Catalog.open(load_settings(data_dir=self.data_dir).catalog_url) as catalog:
            return (looked_at := catalog.looks().get("new_uploads")) is not None and looked_at > moment


def free_ports():
    with socket.socket() as one, socket.socket() as two:
        for probe in (one, two):
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in (one, two)]


def variables(data_dir):
    chosen = {
        "LORA_DATA_DIR": str(data_dir),
        "DAGSTER_HOME": str(data_dir / "dagster_home"),
        "LORA_SETTLE_S": "0",
        "LORA_PUBLICATION_PAUSE_S": "0",
    }
    return os.environ | chosen | {"LORA_SENSOR_INTERVAL_S": "5"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A running `dev`; whatever is left of it in the end is killed."""
    data_dir, ports = tmp_path_factory.mktemp("dev") / "data", free_ports()
    command = [*PROGRAM, "dev", "--port", str(ports[0]), "--service-port", str(ports[1])]
    process = subprocess.Popen(
        command, cwd=PROJECT_DIR, env=variables(data_dir), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    dev = Running(data_dir, process, ports)
    try:
        dev.wait_for("Sign in")
        yield dev
    finally:
        process.kill()
        process.wait()
        for pid in dev.parts().values():
            os.kill(pid, signal.SIGKILL)
        dev.listener.join()


def refused(data_dir, command):
    done = subprocess.run(
        command, cwd=PROJECT_DIR, env=variables(data_dir), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr.splitlines()[-1]


def test_the_start_ends_with_the_addresses_and_the_way_in(running):
    port, service_port = running.ports
    block = "".join(running.lines).rpartition("Everything runs")[2]

    assert f"http://127.0.0.1:{port}" in block
    assert str(running.data_dir / "uploads" / "local") in block
    [token] = re.findall(rf"http://127\.0\.0\.1:{service_port}/login#token=(\S+)", block)
    assert "".join(running.lines).count(token) == 1
    request = urllib.request.Request(
        f"http://127.0.0.1:{service_port}/api/datasets", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert set(running.parts()) == set(PARTS)


def test_a_second_one_and_a_second_daemon_are_refused_by_name(running):
    daemon = running.parts()["dagster._daemon"]
    ports = free_ports()

    second = refused(running.data_dir, [*PROGRAM, "dev", "--port", str(ports[0]), "--service-port", str(ports[1])])
    second_daemon = refused(running.data_dir, DAEMON)

    assert [code for code, _ in (second, second_daemon)] == [2, 2]
    for _, line in (second, second_daemon):
        assert f"process {daemon} on" in line
        assert line.endswith("end it first") or line.endswith("or do without this one")


def test_taken_ports_are_named_before_anything_starts(running, tmp_path):
    port, service_port = running.ports

    code, _ = refused(tmp_path, [*PROGRAM, "dev", "--port", str(port), "--service-port", str(service_port)])

    assert (code, list(tmp_path.iterdir())) == (2, [])


def test_parts_that_are_killed_come_back(running):
    """The daemon, and of the code server the process that does its work; then the one looks through the other again.

    The service and Dagster's UI are minded as the daemon is: `tests/test_supervision.py`.
    """
    before, killed = running.parts(), ["resources.run_server", "dagster._daemon"]
    for part in killed:
        os.kill(before[part], signal.SIGKILL)

    until(lambda: all(running.parts().get(part, before[part]) != before[part] for part in killed))
    back_at = utc_now()
    until(lambda: running.has_looked_since(back_at), lambda: "".join(running.lines[-50:]))
    assert sum("started again" in line for line in running.lines) == len(killed)


def test_dropped_files_reach_the_warehouse_by_themselves(running):
    """The whole way of an upload, as in production: sensor ticks, a queue, runs in processes of their own."""
    folder = running.data_dir / "uploads" / "local"
    (folder / "good.jsonl").write_bytes(valid_file(12))
    (folder / "bad.jsonl").write_bytes(bad_file(3))
    wanted = [("bad", "error", 2, 0), ("good", "ready", 12, 24)]

    until(lambda: published(running.data_dir) == wanted, lambda: "".join(running.lines[-50:]))


def published(data_dir):
    warehouse = data_dir / "warehouse.duckdb"
    if not warehouse.exists():
        return []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            "SELECT name, status, conversation_count, count(line) FROM datasets LEFT JOIN turns ON dataset_id = id "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()


def test_an_interrupt_ends_all_of_it(running):
    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(PATIENCE_S) == 0
    until(lambda: running.parts() == {})


def test_dagsters_own_daemon_alone_does_the_same_on_that_folder(running):
    """With nothing of ours around it: it starts the code server that `workspace.yaml` names."""
    daemon = subprocess.Popen(DAEMON, cwd=PROJECT_DIR, env=variables(running.data_dir), start_new_session=True)
    try:
        (running.data_dir / "uploads" / "local" / "later.jsonl").write_bytes(valid_file(7))
        until(lambda: _status(running.data_dir, "later") == "ready")
        daemon.send_signal(signal.SIGINT)
        daemon.wait(PATIENCE_S)
    finally:
        daemon.kill()


def _status(data_dir, name):
    with Catalog.open(load_settings(data_dir=data_dir).catalog_url) as catalog:
        found = catalog.list_datasets(None, search=name).items
    return found[0].status if found else None
