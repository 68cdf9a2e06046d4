"""One file by a Dask cluster on one machine, one of whose workers is killed, against one process and processes."""

import shutil
from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import Ran, run

SIZE_BYTES = 200_000_000
SMALL_BYTES = 40_000_000
_MIB = 2**20
_HOW = {
    "one": "one process",
    "processes": "two processes",
    "cluster": "two workers of Dask",
    "killed": "two workers of Dask, one killed",
}


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Reports that differ, the largest worker's memory, and the time of each engine with its start."""
    size_bytes = SMALL_BYTES if is_small else SIZE_BYTES
    path = folder / "large.jsonl"
    write_conversations(path, size_bytes, "short")
    ran = {how: _read(path, folder, how) for how in _HOW}
    others = [how for how in _HOW if ran[how].output["report"] != ran["one"].output["report"]]
    if not ran["killed"].output["killed"]:
        raise RuntimeError("expected a worker that was killed, found none")
    what = f"of {size_bytes / 1e6:,.0f} MB, {LINES['short']}, all findings"
    peak_bytes = max(ran[how].output["worker_peak_bytes"] for how in ("cluster", "killed"))
    return [
        at_most(f"engines with another report than one process, {what}", 0, len(others)),
        at_most("peak memory of a worker", 600, peak_bytes / _MIB, " MiB"),
        *(
            noted(f"wall time by {name}", ran[how].output["work_s"], " s", f" ({ran[how].output['parts']} ranges)")
            for how, name in _HOW.items()
        ),
    ]


def _read(path: Path, folder: Path, how: str) -> Ran:
    data_dir = folder / "data"
    try:
        return run("one_file_by", path, data_dir, how)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


BY_CLUSTER = Benchmark(
    "by-cluster",
    "One file by a Dask cluster on one machine, a worker killed: the same report. Times are of a machine that did much "
    "else.",
    measure,
)
