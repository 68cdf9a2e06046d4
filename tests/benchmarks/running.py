"""What a person waits for: from the moment a file lies in the store until its dataset is `ready`.

Measured on a real installation, daemon and all, with what Dagster adds.
"""

from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least, at_most, noted
from tests.benchmarks.generate import small_uploads, write_conversations
from tests.benchmarks.installation import Installation, running_installation

TIMEOUT_S = 900.0
UPLOAD_BYTES = 10_000_000


def measure_burst(is_small: bool, folder: Path) -> list[Measurement]:
    """Many small uploads dropped at once, in ranged runs and with one run for each."""
    few, many, single = (20, 40, 3) if is_small else (200, 1_000, 20)
    with running_installation(folder / "batched") as batched:
        few_s = _drop(batched, folder / "few", few, seed=1)[-1]
        batched.wait_until_published()
        many_s = _drop(batched, folder / "many", many, seed=2)[-1]
    with running_installation(folder / "single", LORA_BATCH_MAX_DATASETS="1") as one_by_one:
        times_s = _drop(one_by_one, folder / "singles", single, seed=3)
    run_s = (times_s[-1] - times_s[0]) / (single - 1)
    all_single_s = times_s[0] + run_s * (few - 1)
    speedup = all_single_s / few_s
    detail = f" ({few_s:.1f} s; with one run each {all_single_s:,.0f} s, from {single} at {run_s:.1f} s)"
    return [
        at_least(f"{few} uploads, times faster than one run each", 10, speedup, detail=detail),
        at_most(f"{many:,} uploads, drop to the last ready", 40, many_s, " s"),
        noted("rate of the larger burst", many / many_s, " uploads/s"),
    ]


def _drop(installation: Installation, folder: Path, count: int, seed: int) -> list[float]:
    made = small_uploads(folder, count, seed)
    # Names of their own: the same name again would be a new version of an upload.
    return installation.ready_times_s([path.rename(folder / f"{folder.name}-{path.name}") for path in made], TIMEOUT_S)


def measure_latency(is_small: bool, folder: Path) -> list[Measurement]:
    """One upload at a time, nothing else going on."""
    times_s = []
    with running_installation(folder / "data") as installation:
        for number in range(2 if is_small else 5):
            installation.wait_until_idle()
            path = folder / f"upload-{number}.jsonl"
            write_conversations(path, UPLOAD_BYTES, seed=number)
            times_s += installation.ready_times_s([path], TIMEOUT_S)
    detail = f" (median of {len(times_s)}; {min(times_s):.1f} to {max(times_s):.1f})"
    return [at_most(f"an upload of {UPLOAD_BYTES / 1e6:.0f} MB, drop to ready", 5, median(times_s), " s", detail)]


BURST = Benchmark(
    "burst",
    "Small uploads of 20 conversations dropped at once into the store of a running `lora-pipeline dev`, until the last "
    "is `ready` in the catalog; against the same installation with one run for each (LORA_BATCH_MAX_DATASETS=1), "
    "measured for a few and reckoned for all.",
    measure_burst,
)
LATENCY = Benchmark(
    "latency",
    "One upload dropped into the store of a running `lora-pipeline dev` that has nothing else to do, until it is "
    "`ready` in the catalog.",
    measure_latency,
)
