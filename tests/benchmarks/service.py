"""The upload service: many uploads while many read, and lists of a large catalog."""

from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.processes import run


def measure_load(is_small: bool, folder: Path) -> list[Measurement]:
    """50 uploads of 20 MB at once, while 50 readers ask for the list once a second each."""
    people, file_bytes, datasets = (5, 200_000, 100) if is_small else (50, 20_000_000, 1_000)
    seen = run("service_under_load", folder / "data", people, people, file_bytes, datasets).output
    if seen["confirmed"] != people:
        raise RuntimeError(f"expected {people} confirmed uploads, found {seen}")
    return [
        at_most(f"of {people} uploads of {file_bytes / 1e6:g} MB, lost", 0, seen["lost"]),
        at_most(
            "list meanwhile, p95",
            200,
            seen["list_p95_ms"],
            " ms",
            f" (of {seen['lists']}; p50 {seen['list_p50_ms']:.0f})",
        ),
        at_most("memory of the service at its peak", 300, seen["service_peak_bytes"] / 2**20, " MiB"),
        noted("an upload, p95", seen["upload_p95_s"], " s"),
    ]


def measure_lists(is_small: bool, folder: Path) -> list[Measurement]:
    """Eight kinds of questions to a catalog of 100,000 datasets on SQLite; the middle one of several runs."""
    count, runs = (2_000, 1) if is_small else (100_000, 5)
    seen = [run("service_lists", folder / f"data{n}", count, 3 if is_small else 25).output for n in range(runs)]
    seen.sort(key=lambda each: each["p95_ms"])
    middle, every = seen[runs // 2], ", ".join(f"{each['p95_ms']:.0f}" for each in seen)
    return [
        at_most(f"list of {count:,} datasets, p95 of all questions", 100, middle["p95_ms"], " ms", f" (runs: {every})"),
        *(
            noted(f"{name}, p95", p95_ms, " ms", f" ({cpu_ms:.0f} ms of processor time, mean)")
            for name, (p95_ms, cpu_ms) in middle["by_question"].items()
        ),
    ]


SERVICE_LOAD = Benchmark(
    "service-load",
    "The upload service on the local store with SQLite, in one process: everybody uploads at once, everybody reads. "
    "Senders and readers run on the same machine.",
    measure_load,
)
SERVICE_LISTS = Benchmark(
    "service-lists",
    "The upload service over a large catalog on SQLite, nine tenths of it one user's: each question 25 times, in "
    "turn. The middle one of five runs; whatever else the machine does shows in the times, less in processor time.",
    measure_lists,
)
