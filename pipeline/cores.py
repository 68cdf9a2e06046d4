"""How many cores this process may use: what the machine has, less what a container was given."""

import math
import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of Linux's cgroups, version 2: microseconds, or `max`, of so many


def usable_cores(quota: Path = _QUOTA) -> int:
    """At least one. `docker --cpus 2` and a limit of Kubernetes are a quota, which no count of processors shows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        used_us, of_us = quota.read_text().split()
        return max(1, min(cores, math.ceil(int(used_us) / int(of_us))))
    except (OSError, ValueError, ZeroDivisionError):  # no cgroup, no limit
        return cores
