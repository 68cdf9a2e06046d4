"""One installation has one daemon."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest
from dagster._daemon.types import DaemonHeartbeat

from pipeline.errors import UsageError
from pipeline.settings import load_settings
from resources import run_coordinator
from resources.pausing_queue import PausingRunCoordinator, room_for_runs
from resources.run_coordinator import LOCK, OneDaemonRunCoordinator, hold, holder
from tests.installation import PROJECT_DIR, dagster_home, installation, make_installation

__all__ = ["dagster_home", "installation", "make_installation"]
HOLDS = (
    "import sys, dagster as dg\n"
    "from resources.run_coordinator import hold\n"
    "with dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n"
    "    hold(instance)\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture(autouse=True)
def _nothing_held(monkeypatch):
    held = []
    monkeypatch.setattr(run_coordinator, "_held", held)
    yield
    for file in held:
        file.close()


@pytest.fixture
def other(installation):
    """Another process that is the daemon."""
    home = installation.settings.dagster_home
    variables = os.environ | {"DAGSTER_HOME": str(home)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(home)],
        cwd=PROJECT_DIR, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_deployed_queue_looks_for_other_daemons(installation):
    assert isinstance(installation.instance.run_coordinator, OneDaemonRunCoordinator)


def test_what_dagster_asks_of_a_daemon_takes_the_lock(installation):
    """`dagster._daemon.controller.create_daemon_of_type` reads it while it makes the daemon of the queue."""
    lock = installation.settings.dagster_home / LOCK
    before = holder(lock)

    interval_s = installation.instance.run_coordinator.dequeue_interval_seconds

    assert (before, interval_s) == (None, 1)
    assert holder(lock) == f"process {os.getpid()} on {socket.gethostname()}"


def test_a_second_daemon_is_refused_and_told_who_the_first_is(installation, other):
    lock = installation.settings.dagster_home / LOCK

    with pytest.raises(UsageError) as caught:
        hold(installation.instance)

    who = f"process {other.pid} on {socket.gethostname()}"
    assert str(caught.value) == (
        f"another daemon works on this installation: {who} holds {lock}; end it first, or do without this one"
    )


def test_a_daemon_that_was_killed_holds_nothing(installation, other):
    other.send_signal(signal.SIGKILL)
    other.wait()

    hold(installation.instance)

    assert holder(installation.settings.dagster_home / LOCK) == f"process {os.getpid()} on {socket.gethostname()}"


@pytest.fixture
def beside(installation, monkeypatch):
    """Dagster's storage as several machines have it in common: another one's daemon sent a heartbeat just now."""
    storage = installation.instance.run_storage
    storage.set_cursor_values({"lora/daemon": json.dumps({"pid": 7, "host": "another"})})
    monkeypatch.setattr(run_coordinator.time, "time", lambda: 1_000.0)
    storage.add_daemon_heartbeat(DaemonHeartbeat(995.0, "SENSOR", "its id", []))
    return installation.instance


def test_the_daemon_of_another_machine_is_known_by_its_heartbeats(beside):
    def sleep(_duration_s):
        beside.run_storage.add_daemon_heartbeat(DaemonHeartbeat(1_025.0, "SENSOR", "its id", []))

    with pytest.raises(UsageError) as caught:
        run_coordinator._be_alone_among_machines(beside, sleep)

    assert str(caught.value).startswith(
        "another daemon works on this installation: process 7 on another sends heartbeats to Dagster's database"
    )


def test_a_daemon_of_another_machine_that_is_silent_is_followed(beside):
    slept = []

    run_coordinator._be_alone_among_machines(beside, slept.append)

    noted = beside.run_storage.get_cursor_values({"lora/daemon"})["lora/daemon"]
    assert (sum(slept), json.loads(noted)["pid"]) == (70.0, os.getpid())


def test_the_same_machines_daemon_starts_again_at_once(beside):
    """The lock of the machine told already that the last one is gone."""
    ours = json.dumps({"pid": 7, "host": socket.gethostname()})
    beside.run_storage.set_cursor_values({"lora/daemon": ours})

    run_coordinator._be_alone_among_machines(beside, lambda _duration_s: pytest.fail("nothing to wait for"))


def test_a_lock_that_nobody_holds_yet_names_nobody(tmp_path):
    assert holder(tmp_path / LOCK) is None
    with closing((tmp_path / LOCK).open("w")):
        assert holder(tmp_path / LOCK) is None


@pytest.mark.parametrize(("chosen", "cores", "runs"), [(0, 1, 2), (0, 2, 2), (0, 16, 16), (8, 2, 8)])
def test_runs_follow_the_cores_unless_somebody_chose(chosen, cores, runs):
    assert room_for_runs(load_settings(concurrent_runs=chosen), cores) == runs


def test_the_number_of_dagster_yaml_wins(monkeypatch):
    """Who wrote a number there meant it."""
    monkeypatch.setenv("LORA_CONCURRENT_RUNS", "7")

    limits = [PausingRunCoordinator(**given).get_run_queue_config() for given in ({}, {"max_concurrent_runs": 3})]

    assert [each.max_concurrent_runs for each in limits] == [7, 3]
