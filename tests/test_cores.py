"""How many cores there are for us: a container's quota counts, whatever the machine has."""

import os

import pytest

from pipeline.cores import usable_cores

MACHINE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000\n", MACHINE),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("6400000 100000\n", MACHINE),
        ("", MACHINE),
        ("100000 0\n", MACHINE),
    ],
    ids=["no quota", "one core", "half a core", "more than there are", "nothing said", "of nothing"],
)
def test_a_quota_bounds_the_cores(tmp_path, quota, cores):
    """Half a core is one."""
    path = tmp_path / "cpu.max"
    path.write_text(quota)

    assert usable_cores(path) == cores


def test_without_cgroups_the_machine_says_it(tmp_path):
    assert usable_cores(tmp_path / "nothing") == MACHINE
