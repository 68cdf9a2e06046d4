"""A pytest that is killed leaves nothing running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")

HOOKS = "from tests.ending_together import pytest_configure, pytest_unconfigure\n"
# A poller in a session of its own, whose parent is gone: nothing but its environment leads back to the test.
HANGS = """
import subprocess, sys, time
from pathlib import Path

def test_it():
    poller = "import time\\nwhile True: time.sleep(0.1)"
    command = f"[sys.executable, '-c', {poller!r}]"
    start = f"import subprocess, sys; print(subprocess.Popen({command}, start_new_session=True, stdout=2).pid)"
    pid = subprocess.run([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True, check=True).stdout
    Path("started").write_text(pid)
    time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"  # a zombie waits only for somebody to notice


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["alone", "with workers"])
def test_what_a_killed_pytest_started_is_gone(tmp_path, arguments):
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_hangs.py").write_text(HANGS)
    started = tmp_path / "started"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    inner = subprocess.Popen([*command, "test_hangs.py"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    try:
        until(lambda: started.exists() and started.read_text().strip(), lambda: "the poller does not start")
        poller = int(started.read_text())
        assert is_running(poller)
    finally:
        os.kill(inner.pid, signal.SIGKILL)
        inner.wait()

    until(lambda: not is_running(poller), lambda: "the poller does not end")
