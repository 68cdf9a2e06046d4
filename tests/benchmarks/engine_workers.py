"""Two worker processes over the ranges of one file, against one process."""

from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import run

SIZE_BYTES = 500_000_000
SMALL_BYTES = 50_000_000
ROUNDS = 3


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Wall time of the whole program, its start included; the two take turns."""
    measurements = []
    size_bytes = SMALL_BYTES if is_small else SIZE_BYTES
    for kind in LINES:
        path = folder / f"{kind}.jsonl"
        write_conversations(path, size_bytes, kind)
        rounds = [(_wall_s(path, 1, folder), _wall_s(path, 2, folder)) for _ in range(ROUNDS)]
        one_s, two_s = median(one for one, _ in rounds), median(two for _, two in rounds)
        share = median(two / one for one, two in rounds)
        detail = f" ({two_s:.2f} s of {one_s:.2f} s)"
        what = f"wall time of two workers over one, {size_bytes / 1e6:,.0f} MB, {LINES[kind]}"
        measurements.append(at_most(what, 0.65, share, detail=detail))
    return measurements


def _wall_s(path: Path, workers: int, folder: Path) -> float:
    rows = folder / "rows"
    rows.mkdir(exist_ok=True)
    try:
        return run("engine", path, rows, workers).wall_s
    finally:
        for made in sorted(rows.rglob("*"), reverse=True):
            made.rmdir() if made.is_dir() else made.unlink()


WORKERS = Benchmark("engine-workers", "Wall time of `profile_path` with two workers over that with one.", measure)
