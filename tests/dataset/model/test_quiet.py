"""Buffers that are freed and asked for again stay with the process."""

import gc
import platform
import subprocess
import sys

import pytest

from pipeline.dataset.model.quiet import paused_collector

PROGRAM = """
import resource, sys
from pipeline.dataset.model.quiet import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    held = [bytes(3 * 2**20 + 1) + b"." for _ in range(4)]
    del held
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives its heap back and is told not to")
def test_buffers_of_the_last_block_serve_the_next_one():
    by_default, kept = page_faults("default"), page_faults("kept")

    assert kept < by_default / 5


def test_no_collection_happens_inside_and_all_do_after():
    with paused_collector():
        assert not gc.isenabled()

    assert gc.isenabled()
