"""Where the processor time of a default check goes: nanoseconds a byte of the file, stage by stage.

What a stage calls of another is the other's. In a process of its own, whose functions are wrapped.

    python -m tests.benchmarks.stages FILE FOLDER
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.benchmark import Benchmark, Measurement, noted
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import run

SIZE_BYTES = 100_000_000
SMALL_BYTES = 5_000_000
ROUNDS = 3
REST = "all else"
_PROFILES = "pipeline.dataset.profiles"
# Each by the functions that do it, as the module that calls them knows them.
STAGES: dict[str, tuple[str, ...]] = {
    "bytes read and hashed": (f"{_PROFILES}.profile_streams:_Observed.read",),
    "verdicts and columns": (f"{_PROFILES}.part:read_once",),
    "frames made": (f"{_PROFILES}.part:frames_of",),
    "warnings over frames": (f"{_PROFILES}.part:warning_groups",),
    "quality rules": (f"{_PROFILES}.part:quality_groups",),
    "figures over frames": (f"{_PROFILES}.totals:figures_of",),
    "quality sums, sample of answers": (f"{_PROFILES}.totals:measure_quality",),
    "languages": ("pipeline.dataset.quality.quality_statistics:QualityStatistics.conclude",),
    "tokens": (f"{_PROFILES}.totals:measure_tokens", f"{_PROFILES}.concluding:_tokens"),
    "types of columns": (f"{_PROFILES}.part:measure_types",),
    "exact duplicates": (f"{_PROFILES}.part:fingerprints", f"{_PROFILES}.concluding:find_duplicates"),
    "near-duplicates: signatures": (f"{_PROFILES}.part:signatures",),
    "near-duplicates: answers in conflict": (f"{_PROFILES}.part:answers",),
    "near-duplicates: clusters, split": (f"{_PROFILES}.concluding:_nearness",),
    "findings": (f"{_PROFILES}.part:finding_rows", f"{_PROFILES}.concluding:write_findings"),
    "rows as Arrow": (f"{_PROFILES}.part:conversation_rows", f"{_PROFILES}.part:turn_rows"),
    "Parquet": ("pipeline.state.lake:TableWriter.write", "pipeline.state.lake:TableWriter.__exit__"),
}


class Clock:
    """Processor time by stage; what one calls of another is not its own."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)
        self._running = [REST]
        self._since_s = time.process_time()

    def _turn(self) -> None:
        now_s = time.process_time()
        self.spent_s[self._running[-1]] += now_s - self._since_s
        self._since_s = now_s

    def of(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @wraps(function)
        def timed(*given: object, **named: object) -> Any:
            self._turn()
            self._running.append(stage)
            try:
                return function(*given, **named)
            finally:
                self._turn()
                self._running.pop()

        return timed

    def take(self) -> dict[str, float]:
        """What was spent since the last time, and a new beginning."""
        self._turn()
        spent, self.spent_s = self.spent_s, defaultdict(float)
        return {stage: spent[stage] for stage in (*STAGES, REST)}


def timed_stages(clock: Clock) -> None:
    """Wrap the functions of all stages, for as long as the process lasts."""
    for stage, places in STAGES.items():
        for place in places:
            module, _, path = place.partition(":")
            *holders, name = path.split(".")
            holder: Any = import_module(module)
            for each in holders:
                holder = getattr(holder, each)
            setattr(holder, name, clock.of(stage, getattr(holder, name)))


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """A row for each stage, for two kinds of files."""
    measurements = []
    for kind, named in LINES.items():
        path = folder / f"{kind}.jsonl"
        write_conversations(path, SMALL_BYTES if is_small else SIZE_BYTES, kind)
        size_bytes = path.stat().st_size
        rounds = run("stages", path, folder).output["rounds"]
        ns_a_byte = {stage: median(each[stage] for each in rounds) * 1e9 / size_bytes for stage in (*STAGES, REST)}
        total = sum(ns_a_byte.values())
        measurements.append(noted(f"all of it, {size_bytes / 1e6:,.0f} MB, {named}", total, " ns a byte"))
        for stage, ns in ns_a_byte.items():
            measurements.append(noted(f"{stage}, {named}", ns, " ns a byte", f" ({ns / total:.0%})"))
    return measurements


def main() -> None:
    """Print the seconds of each stage, a round each; the first one, which loads what is loaded once, is left out."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # as the command has it
    from pipeline.dataset.profiles.profile_rules import Rules
    from pipeline.dataset.profiles.profile_streams import profile_stream
    from pipeline.trainers.acceptance import asking

    path, folder = map(Path, sys.argv[1:])
    clock = Clock()
    timed_stages(clock)
    rounds = []
    for _ in range(1 + ROUNDS):
        clock.take()
        with path.open("rb") as stream:
            profile_stream(stream, folder, asking(Rules()))
        rounds.append(clock.take())
    print(json.dumps({"rounds": rounds[1:]}))


STAGES_OF_CHECK = Benchmark(
    "stages",
    "Where the processor time of a default check goes: `profile_stream` with all that the command asks for, in one "
    "process, without its start, in nanoseconds a byte of the file; the median of three rounds after a first one.",
    measure,
)

if __name__ == "__main__":
    main()
