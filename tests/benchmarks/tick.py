"""A sensor's look at a large store in which nothing is new: it happens every few seconds, for ever."""

from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most
from tests.benchmarks.processes import Ran, run

MIB = 2**20
ROUNDS = 3


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Seconds of a look, and how its memory grows with the store."""
    count = 3_000 if is_small else 100_000
    tenth = _looks(folder / "tenth", count // 10)
    whole = _looks(folder / "whole", count)
    tick_s = median(each.output["tick_s"] for each in whole)
    tenth_mib, whole_mib = (median(each.peak_bytes for each in looks) / MIB for looks in (tenth, whole))
    detail = f" ({whole_mib:.0f} MiB against {tenth_mib:.0f})"
    return [
        at_most(f"a look at {count:,} uploads, none new", 5, tick_s, " s"),
        at_most(f"peak memory over that with {count // 10:,} uploads", 1.25, whole_mib / tenth_mib, detail=detail),
    ]


def _looks(data_dir: Path, count: int) -> list[Ran]:
    run("many_uploads", "make", data_dir, count)
    looks = [run("many_uploads", "look", data_dir) for _ in range(ROUNDS)]
    for each in looks:
        found = (each.output["seen"], each.output["new"], each.output["is_round"])
        if found != (count, 0, True):
            raise RuntimeError(f"expected to see {count} uploads, none new, in one round; found {each.output}")
    return looks


TICK = Benchmark(
    "tick",
    "What the upload sensor does in a tick, over a local store whose uploads are all registered: list them, ask the "
    "catalog for their versions, find nothing.",
    measure,
)
