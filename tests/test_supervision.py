"""Processes that die are started again, a bounded number of times; none outlives its supervisor."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ServiceError
from pipeline.supervision import MAX_RESTARTS, WITHIN_S, Part, Supervisor
from tests.installation import PROJECT_DIR
from tests.waiting import until

SLEEPS = ("sleep", "1000")
# A shell with a child, as Dagster's code server is; a shell's own command line does not say `sleep 1000`.
WORKS_BELOW = ("sh", "-c", "sleep 10''00 & while :; do wait; sleep 0.1; done")


@pytest.fixture
def said():
    return []


@pytest.fixture
def clock():
    return [1_000.0]


@pytest.fixture
def supervisor(said, clock):
    supervisor = Supervisor(os.environ, said.append, lambda: clock[0])
    yield supervisor
    supervisor.end()


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(each) for each in listed.stdout.split()]


def kill(supervisor, name):
    """Kill a part, and look until it was seen; returns its new process."""
    old = supervisor.pids()[name]
    os.kill(old, signal.SIGKILL)

    def is_another():
        supervisor.look()
        return supervisor.pids()[name] != old

    until(is_another)
    return supervisor.pids()[name]


def test_a_part_that_dies_is_started_again_and_told(supervisor, said):
    supervisor.start(Part("a part", SLEEPS))
    supervisor.start(Part("another", SLEEPS))
    other = supervisor.pids()["another"]

    assert lives(kill(supervisor, "a part"))
    assert said == ["a part was ended by SIGKILL; started again (1 of 3 times in 5 minutes)"]
    assert (supervisor.pids()["another"], lives(other)) == (other, True)


def test_a_part_that_dies_too_often_ends_the_watch(supervisor):
    supervisor.start(Part("a part", SLEEPS))
    for _ in range(MAX_RESTARTS):
        last = kill(supervisor, "a part")
    os.kill(last, signal.SIGKILL)

    with pytest.raises(ServiceError) as caught:
        until(lambda: supervisor.look())

    expected = (
        "a part was ended by SIGKILL, 4 times within 5 minutes: everything is stopped; what it printed above says why"
    )
    assert str(caught.value) == expected


def test_deaths_of_long_ago_do_not_count(supervisor, clock):
    supervisor.start(Part("a part", SLEEPS))
    for _ in range(2 * MAX_RESTARTS):
        clock[0] += WITHIN_S / MAX_RESTARTS
        kill(supervisor, "a part")

    assert lives(supervisor.pids()["a part"])


def test_what_dies_while_it_starts_is_not_tried_again(supervisor):
    supervisor.start(Part("a part", ("sh", "-c", "exit 3")))

    with pytest.raises(ServiceError, match=r"^a part ended with exit code 3 while it started: everything is stopped"):
        until(lambda: supervisor.look(may_restart=False))


def test_a_part_whose_own_child_died_is_started_again(supervisor, said):
    supervisor.start(Part("a part", WORKS_BELOW, worker="sleep 1000"))
    first = supervisor.pids()["a part"]
    [child] = until(lambda: [each for each in children(first) if lives(each)])
    supervisor.look()
    os.kill(child, signal.SIGKILL)

    until(lambda: supervisor.look() or said)

    assert said == ["a part lost the process that does its work; started again (1 of 3 times in 5 minutes)"]
    assert (lives(first), lives(supervisor.pids()["a part"])) == (False, True)


def test_children_that_do_other_work_come_and_go(supervisor, said):
    """As those of a start do: a compiler, a linker's cache, a shell."""
    others_first = "for n in 1 2 3 4 5 6; do sleep 0.2; done; exec sh -c \"sleep 10''00 & wait\""
    supervisor.start(Part("a part", ("sh", "-c", others_first), worker="sleep 1000"))
    pid = supervisor.pids()["a part"]

    def has_worker():
        supervisor.look(may_restart=False)
        listed = subprocess.run(["ps", "-o", "args=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
        return "sleep 1000\n" in listed.stdout

    until(has_worker)
    for _ in range(10):
        supervisor.look(may_restart=False)
    assert (supervisor.pids()["a part"], said) == (pid, [])


def test_the_end_ends_all(supervisor):
    for name in ("a part", "another"):
        supervisor.start(Part(name, SLEEPS))
    pids = list(supervisor.pids().values())

    supervisor.end()

    assert [lives(pid) for pid in pids] == [False, False]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked to, which only Linux can")
def test_parts_end_with_a_supervisor_that_was_killed():
    script = (
        "import os, sys, time\n"
        "from pipeline.supervision import Part, Supervisor\n"
        "supervisor = Supervisor(os.environ, print)\n"
        "for name in 'ab':\n"
        "    supervisor.start(Part(name, ('sleep', '1000')))\n"
        "print(*supervisor.pids().values(), flush=True)\n"
        "time.sleep(1000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True) as killed:
        pids = killed.stdout.readline().split()
        killed.kill()

    until(lambda: not any(lives(pid) for pid in pids))
    assert len(pids) == 2
