"""Promises of `resources.run_server`: runs are forked from a process that imported the definitions and did no more."""

import importlib.util
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from resources import run_server
from resources.dagster_internals import DagsterApiServer
from resources.run_server import NAME, ForkingServer, forking
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux only")
MODULE = "pipeline.definitions"


@pytest.fixture
def started(tmp_path):
    """Starts a process as the server starts a run; whatever lives in the end is killed."""
    context, processes = forking(MODULE), []

    def start(what, *arguments):
        processes.append(context.Process(target=what, args=(*arguments, tmp_path / "told")))
        processes[-1].start()
        return processes[-1], tmp_path / "told"

    yield start
    for process in processes:
        process.kill()
        process.join()


def test_a_run_has_everything_imported_and_a_name_of_its_own(started):
    process, told = started(tell_what_is_there)
    process.join()

    assert told.read_text() == f"{NAME} True"


def test_what_runs_are_forked_from_has_no_thread_that_a_fork_would_lose(started):
    process, told = started(tell_threads_of_the_parent)
    process.join()

    threads = Counter(told.read_text().split())
    # Those of the allocator, which knows of forks, and one of Polars that removes files of processes that have ended.
    for harmless in ("jemalloc_bg_thd", "polars-ooc-clea"):
        threads.pop(harmless, None)
    assert threads.total() == 1


def test_a_run_ends_with_what_it_was_forked_from_for_dagster_holds_it_for_dead_then(started):
    process, told = started(tell_parent_and_wait)
    server = int(until(lambda: told.exists() and told.read_text()))

    os.kill(server, signal.SIGKILL)

    until(lambda: not Path(f"/proc/{process.pid}").exists())
    process.join()
    again, _ = started(tell_what_is_there)  # from a new one
    again.join()
    assert told.read_text() == f"{NAME} True"


def test_runs_that_are_told_to_end_are_not_killed_by_what_they_were_forked_from(started):
    """Who ends a service tells all of its processes, as systemd does."""
    process, told = started(tell_parent_and_wait)
    server = int(until(lambda: told.exists() and told.read_text()))

    os.kill(server, signal.SIGTERM)
    again, _ = started(tell_parent_and_end)
    again.join()
    os.kill(process.pid, signal.SIGTERM)
    process.join()

    assert (again.exitcode, int(told.read_text())) == (0, server)
    assert process.exitcode == -signal.SIGTERM


def test_what_a_run_starts_afresh_imports_no_dagster():
    """A process that helps to read a large file. It imports the main module of the server again, unless that is called
    `__main__`; Dagster would take two seconds and 150 MB of each."""
    assert importlib.util.find_spec("resources.run_server.__main__") is not None


def test_what_a_run_forks_itself_is_left_alone(started):
    process, told = started(fork_a_child)
    process.join()

    assert told.read_text() == "7"


def test_where_no_process_can_be_forked_from_runs_begin_as_dagster_begins_them(monkeypatch):
    """A TMPDIR too long for the name of a socket, for one."""

    def begin(self):
        self._loadable_target_origin, self._serializable_load_error = SimpleNamespace(module_name=MODULE), None
        self._logger, self._mp_ctx = Mock(), "Dagster's own"

    monkeypatch.setattr(DagsterApiServer, "__init__", begin)
    monkeypatch.setattr(run_server, "forking", Mock(side_effect=OSError("AF_UNIX path too long")))

    server = ForkingServer()

    assert server._mp_ctx == "Dagster's own"
    server._logger.warning.assert_called_once()


def tell_what_is_there(told):
    told.write_text(f"{Path('/proc/self/comm').read_text().strip()} {MODULE in sys.modules}")


def tell_threads_of_the_parent(told):
    names = [path.read_text().strip() for path in Path(f"/proc/{os.getppid()}/task").glob("*/comm")]
    told.write_text(" ".join(names))


def tell_parent_and_wait(told):
    told.with_suffix(".part").write_text(str(os.getppid()))
    told.with_suffix(".part").rename(told)
    signal.pause()


def tell_parent_and_end(told):
    told.write_text(str(os.getppid()))


def fork_a_child(told):
    if not (child := os.fork()):
        os._exit(7)
    told.write_text(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
