"""What a question to the warehouse costs while every small dataset has files of its own, and when they are folded."""

from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.processes import Ran, run

_MIB = 2**20


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Publish, ask, fold, publish, ask."""
    count = 200 if is_small else 20_000
    run("linked_datasets", "make", folder, count)
    run("linked_datasets", "publish", folder)
    before = run("linked_datasets", "ask", folder)
    folded = run("linked_datasets", "fold", folder)
    run("linked_datasets", "publish", folder)
    after = run("linked_datasets", "ask", folder)
    return [
        at_most("question about one dataset", 50, after.output["one_dataset"], " ms", _was(before, "one_dataset")),
        at_most("turns by role, over all", 1_000, after.output["by_role"], " ms", _was(before, "by_role")),
        at_most("peak memory of who asks", 300, after.peak_bytes / _MIB, " MiB", f" ({before.peak_bytes // _MIB:,})"),
        noted(f"folding {count:,} datasets, once", folded.cpu_s, " CPU s", f", {folded.peak_bytes // _MIB:,} MiB"),
    ]


def _was(before: Ran, question: str) -> str:
    return f" ({before.output[question]:,.0f} unfolded)"


FOLDING = Benchmark(
    "folding",
    "Questions to the warehouse of an installation with 20,000 small datasets in a local lake, before and after its "
    "files are folded into few.",
    measure,
)
