"""Peak memory of the engine: bounded, and the same for a file eight times as large."""

from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import Kind, write_conversations
from tests.benchmarks.processes import run

MIB = 2**20
SIZES_BYTES = (500_000_000, 4_000_000_000)
SMALL_SIZES_BYTES = (50_000_000, 100_000_000)


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Peak resident memory of the process, for two sizes of two kinds of files."""
    measurements = []
    for kind in LINES:
        peaks = []
        for size_bytes in SMALL_SIZES_BYTES if is_small else SIZES_BYTES:
            peaks.append(_peak_mib(kind, size_bytes, folder))
            measurements.append(at_most(f"peak at {size_bytes / 1e6:,.0f} MB, {LINES[kind]}", 400, peaks[-1], " MiB"))
        growth = max(peaks) / min(peaks)
        measurements.append(at_most(f"larger peak over smaller, {LINES[kind]}", 1.1, growth))
    return measurements


def _peak_mib(kind: Kind, size_bytes: int, folder: Path) -> float:
    path = folder / "upload.jsonl"
    rows = folder / "rows"
    rows.mkdir(exist_ok=True)
    try:
        write_conversations(path, size_bytes, kind)
        return run("engine", path, rows).peak_bytes / MIB
    finally:
        for made in [path, *rows.iterdir()]:
            made.unlink(missing_ok=True)


MEMORY = Benchmark(
    "engine-memory",
    "Peak resident memory of the engine in one process with all its outputs. Room for 8 GB is needed in the "
    "temporary folder (TMPDIR).",
    measure,
)
