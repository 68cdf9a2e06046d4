"""Publishing the warehouse of a large installation while an analyst has the old file open and asks it questions."""

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.processes import ROOT, environment, run


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """The first publication reads every profile; the later one, with one more dataset, is what happens all day."""
    count = 50 if is_small else 5_000
    run("many_datasets", "make", folder, count)
    first = _publish(folder, count)
    run("many_datasets", "make", folder, 1)
    reader = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.many_datasets", "read", folder],
        cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with reader:
        assert reader.stdin
        assert reader.stdout
        if reader.stdout.readline() != "open\n":
            raise RuntimeError("expected a reader with the warehouse open, found that it ended")
        again = _publish(folder, count + 1)
        reader.stdin.close()
        seen = json.loads(reader.stdout.read())
    if reader.returncode or seen["answers"] != 1:
        raise RuntimeError(f"expected a reader that is not disturbed, found {seen}, exit code {reader.returncode}")
    detail = f" ({seen['questions']} questions answered meanwhile, alike, each within {seen['longest_s']:.2f} s)"
    return [
        at_most(f"first publication, {count:,} datasets", 5, first["publish_s"], " s"),
        at_most("publication with one more, while the old file is read", 5, again["publish_s"], " s", detail),
        noted("profiles it read from the lake", again["profiles_read"]),
    ]


def _publish(folder: Path, count: int) -> dict[str, float]:
    published = run("many_datasets", "publish", folder).output
    if (published["datasets"], published["missing"]) != (count, 0):
        raise RuntimeError(f"expected {count} datasets in the warehouse, found {published}")
    return published


PUBLICATION = Benchmark(
    "publication",
    "Building and swapping in the warehouse of an installation with many datasets, each with its files in a local "
    "lake; the second time while another process holds the old file open and asks it the same question over and over.",
    measure,
)
