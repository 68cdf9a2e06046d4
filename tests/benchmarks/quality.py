"""Processor time of the structural pass with the quality rules, over that of the structural pass alone.

They take turns in one process, so that a machine that slows down slows both.

    python -m tests.benchmarks.quality FILE FOLDER
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import run

SIZE_BYTES = 100_000_000
SMALL_BYTES = 10_000_000
ROUNDS = 3


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """The ratio, and the speed of the rules alone, for two kinds of files."""
    measurements = []
    for kind, named in LINES.items():
        path = folder / f"{kind}.jsonl"
        write_conversations(path, SMALL_BYTES if is_small else SIZE_BYTES, kind)
        rounds = run("quality", path, folder).output["rounds"]
        ratio = median(quality_s / structure_s for structure_s, quality_s in rounds)
        structure_s, quality_s = (median(each) for each in zip(*rounds, strict=True))
        what = f"{path.stat().st_size / 1e6:,.0f} MB, {named}"
        detail = f" ({quality_s:.2f} s of {structure_s:.2f} s)"
        measurements.append(at_most(f"with the rules over without, {what}", 2.0, ratio, detail=detail))
        speed = path.stat().st_size / 1e6 / (quality_s - structure_s)
        measurements.append(noted(f"speed of the rules alone, {what}", speed, " MB/s a core"))
    return measurements


def main() -> None:
    """Print the seconds of each round, without the rules and with them."""
    from pipeline.dataset.profiles.part import profile_part
    from pipeline.dataset.profiles.profile_rules import Rules

    def cpu_s(rules: Rules) -> float:
        start_s = time.process_time()
        with path.open("rb") as stream:
            profile_part(stream, folder, rules).quality.conclude()
        return time.process_time() - start_s

    path, folder = map(Path, sys.argv[1:])
    structure = Rules().structure_only()
    quality = replace(structure, has_quality=True)
    print(json.dumps({"rounds": [[cpu_s(structure), cpu_s(quality)] for _ in range(ROUNDS)]}))


QUALITY = Benchmark(
    "quality",
    "Processor time of the structural pass with the quality rules, statistics and language sample, over that without.",
    measure,
)

if __name__ == "__main__":
    main()
