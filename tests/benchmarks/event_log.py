"""Our event log storage against Dagster's default: a run over small datasets spends its time there."""

from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least
from tests.benchmarks.processes import run

ROUNDS = 3


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """The two take turns; what counts is the median of the rounds' ratios."""
    count = 50 if is_small else 1_000
    rounds = [
        tuple(run("event_storage", folder / f"{which}-{number}", count, which).output["events_per_s"] for which in
              ("ours", "default"))
        for number in range(ROUNDS)
    ]  # fmt: skip
    ours, default = (median(each) for each in zip(*rounds, strict=True))
    ratio = median(our / their for our, their in rounds)
    detail = f" ({ours:,.0f} against {default:,.0f} a second)"
    return [at_least("events stored a second, times as many as Dagster's default", 3, ratio, detail=detail)]


EVENT_LOG = Benchmark(
    "event-log",
    "Asset materialisations stored one by one, through resources/event_log.py and through Dagster's default SQLite "
    "event log.",
    measure,
)
