"""A Dask cluster on this machine for tests, and a task that kills the worker that first gets it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.flow.stored_near import join_by_bands
from pipeline.flow.stored_ranges import read_range


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """The address of a cluster with workers of one thread, each a process."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, protocol="tcp://") as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


def read_range_dying_once(part, tell):
    """As `read_range`, after the first worker that has the second range died of it, rows half written."""
    if part.span.start:
        _die_once(part.parts, "died", "turns.parquet")
    return read_range(part, tell)


def join_by_bands_dying_once(part, tell):
    """As `join_by_bands`, after the first worker that has the second bands died of it, pairs half written."""
    if part.numbers.start:
        _die_once(part.parts, "died of bands", "joined.bin")
    return join_by_bands(part, tell)


def _die_once(parts, mark, file_name):
    """Kill this worker with a file half written, unless one did so before."""
    if _is_first(parts.folder.parent / mark):
        with parts.lend() as lent:
            (lent.folder / file_name).write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)


def _is_first(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
