"""The processes that help: forked where nothing is lost by it, else started afresh; the work is the same."""

import gc
import json
import subprocess
import sys
from contextlib import closing
from unittest.mock import Mock

import pytest

from pipeline.engines.helpers import Helpers, can_fork
from pipeline.engines.processes import Processes
from tests.installation import PROJECT_DIR

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")

LINE = (
    '{"conversation_id": "%s%d", "turns": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "%d"}]}\n'
)
# Checks a file by one process, two forks of it, and two interpreters: by then Polars has threads.
CHECKS = """
import sys
import pipeline.cli.check_run as run
from pipeline.dataset.profiles import parallel

class Seen(parallel.Helpers):
    def __init__(self, count, is_forked=False):
        print("forked" if is_forked else "started")
        super().__init__(count, is_forked)

if __name__ == "__main__":
    parallel.MIN_RANGE_BYTES = 1_000
    parallel.Helpers = Seen
    for workers in (2, 1):
        run.check_files(run.Request(tuple(sys.argv[1:]), "json", workers=workers))
    print(parallel.can_fork())
"""


@on_linux
def test_a_command_forks_its_helpers_once_for_all_files_before_it_has_threads(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("".join(LINE % (name, number, number % 7) for number in range(99)))

    program = [sys.executable, "-c", CHECKS, tmp_path / "a", tmp_path / "b"]
    done = subprocess.run(program, cwd=PROJECT_DIR, capture_output=True, text=True, check=True)

    first, *reports, could_again = done.stdout.splitlines()
    assert (first, could_again, done.stderr) == ("forked", "False", "")
    assert [json.loads(report)["conversations"] for report in reports] == [99] * 4
    assert reports[:2] == reports[2:]


@on_linux
@pytest.mark.parametrize(
    ("names", "is_harmless"),
    [
        ([], True),
        (["jemalloc_bg_thd", "polars-ooc-clea"], True),
        (["jemalloc_bg_thd", "polars-0"], False),
        (["python"], False),  # such as one of OpenBLAS
    ],
)
def test_a_process_with_threads_that_a_fork_would_lose_is_not_forked(names, is_harmless, tmp_path, monkeypatch):
    monkeypatch.setattr("os.getpid", lambda: 7)
    for number, name in enumerate(["main", *names], start=7):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "comm").write_text(f"{name}\n")

    assert can_fork(tmp_path) is is_harmless


@pytest.mark.parametrize(("names", "is_harmless"), [(["gone"], True), ([], False)])
def test_a_thread_that_has_ended_is_no_harm_and_without_a_list_of_them_nothing_is_forked(names, is_harmless, tmp_path):
    """One of Polars ends soon after it began."""
    listed = Mock(iterdir=lambda: [tmp_path / name for name in names]) if names else tmp_path / "no such folder"

    assert can_fork(listed) is is_harmless


# Is told to end while it starts its helpers: after the second fork, and in what Python calls before one.
ENDS = """
import os, signal, sys
from pipeline.engines.helpers import Helpers

def leave(_number, _frame):
    sys.exit(143)

def ended():
    os.kill(os.getpid(), signal.SIGTERM)

def fork(plain=os.fork, children=[]):
    if child := plain():
        children.append(child)
        if len(children) == 2:
            ended()
    return child

signal.signal(signal.SIGTERM, leave)
if sys.argv[1] == "after":
    os.fork = fork
else:
    os.register_at_fork(before=ended)
Helpers(2, is_forked=True)
print("it goes on")
"""


@on_linux
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_command_that_is_to_end_while_it_forks_ends_and_leaves_nobody(when):
    done = subprocess.run([sys.executable, "-c", ENDS, when], cwd=PROJECT_DIR, capture_output=True, timeout=20)

    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")


@pytest.fixture(scope="module")
def helpers():
    """One, of a process that collects garbage rarely."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gc, "get_threshold", lambda: (9_000, 9, 9))
        started = Helpers(1)
    with closing(started):
        yield started


def thresholds(_, _tell):
    return gc.get_threshold()


def test_a_helper_collects_garbage_as_rarely_as_this_process(helpers):
    assert helpers.work_on(thresholds, None).result() == (9_000, 9, 9)


def halve(number, _tell):
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def test_lent_helpers_are_there_for_the_next_file_whatever_became_of_the_last(helpers):
    with closing(Processes(2, lent=helpers)) as engine, pytest.raises(ValueError, match="3 is odd"):
        dict(engine.map(halve, [2, 3, 4, 6]))
    with closing(Processes(2, lent=helpers)) as engine:
        assert dict(engine.map(halve, [4, 6, 8])) == {0: 2, 1: 3, 2: 4}
