"""A large upload through the pipeline by two processes, as by default on two cores, against one."""

import shutil
from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import run

SIZE_BYTES = 490_000_000  # LORA_MAX_UPLOAD_BYTES is 500 MB
SMALL_BYTES = 120_000_000  # more than LORA_LARGE_UPLOAD_BYTES
ROUNDS = 3


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """The two take turns; what counts is the median of the rounds' ratios."""
    size_bytes = SMALL_BYTES if is_small else SIZE_BYTES
    path = folder / "large.jsonl"
    write_conversations(path, size_bytes, "short")
    rounds = [(_validated(path, 1, folder), _validated(path, 2, folder)) for _ in range(1 if is_small else ROUNDS)]
    share = median(two / one for one, two in rounds)
    one_s, two_s = median(one for one, _ in rounds), median(two for _, two in rounds)
    what = (
        f"wall time of two processes over one, an upload of {size_bytes / 1e6:,.0f} MB, {LINES['short']}, all findings"
    )
    return [at_most(what, 0.65, share, detail=f" ({two_s:.1f} s of {one_s:.1f} s)")]


def _validated(path: Path, workers: int, folder: Path) -> float:
    data_dir = folder / "data"
    try:
        ran = run("one_upload", path, data_dir, workers)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    if ran.output["status"] != "ready" or not ran.output["succeeded"]:
        raise RuntimeError(f"expected a ready dataset, found {ran.output}")
    return float(ran.output["wall_s"])


LARGE_UPLOAD = Benchmark(
    "large-upload",
    "Wall time of a large upload, two processes over one: from the look that finds it to its verdict and its rows in "
    "the lake. Python's start is left out, as the runs of an installation are forked from a process that has begun.",
    measure,
)
