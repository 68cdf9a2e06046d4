"""Processor time and memory of the worst lines: a default validation into a lake, with all findings.

What counts is what a further megabyte costs: the time of a large file less that of a small one. Of the first two
megabytes, whose beginning is looked at for the format and whose findings are listed, the mean beside a file of a row.

    python -m tests.benchmarks.worst_lines FILE FOLDER
"""

import json
import sys
from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most
from tests.benchmarks.processes import run
from tests.benchmarks.worst_files import KINDS, write_worst

SIZE_BYTES, LESS_BYTES = 24_000_000, 4_000_000
FIRST_BYTES, ROW_BYTES = 2_000_000, 1
SMALL_BYTES, SMALL_LESS_BYTES = 1_000_000, 100_000
WANTED_S_PER_MB = 0.1
WANTED_MIB = 400


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """A figure of time and memory for each kind."""
    further = (SMALL_BYTES, SMALL_LESS_BYTES) if is_small else (SIZE_BYTES, LESS_BYTES)
    first = (SMALL_LESS_BYTES if is_small else FIRST_BYTES, ROW_BYTES)
    measurements = []
    for number, kind in enumerate(KINDS):
        ran = {}
        for size_bytes in {*further, *first}:
            path = folder / "worst"
            write_worst(path, kind, size_bytes)
            ran[size_bytes] = run("worst_lines", path, folder / f"{number}-{size_bytes}")
            path.unlink()
        for said, (more, less) in (("a further MB", further), ("each of the first 2 MB", first)):
            seconds = max(0.0, ran[more].cpu_s - ran[less].cpu_s) / (more - less) * 1e6
            measurements.append(at_most(f"{said}, {kind}", WANTED_S_PER_MB, seconds, " s"))
        peak_mib = ran[further[0]].peak_bytes / 2**20
        measurements.append(at_most(f"peak memory, {kind}", WANTED_MIB, peak_mib, " MiB"))
    return measurements


def main() -> None:
    """Validate the file as an installation does, one that was made for it."""
    from pipeline.clock import utc_now
    from pipeline.flow.intake import look
    from pipeline.flow.scan import Cursor
    from pipeline.flow.validation import Validator, rules_of
    from pipeline.settings import load_settings
    from pipeline.state.catalog.catalog import Catalog
    from pipeline.state.lake import make_lake
    from pipeline.state.store import make_store

    path, folder = map(Path, sys.argv[1:])
    settings = load_settings(data_dir=folder, settle_s=0)
    upload = folder / "uploads" / "ana" / "worst.jsonl"
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.hardlink_to(path)
    store = make_store(settings)
    with Catalog.open(settings.catalog_url) as catalog:
        [dataset_id] = look(store, catalog, settings, Cursor(), utc_now()).registered
        dataset = catalog.get(dataset_id)
    validator = Validator(store, make_lake(settings), rules_of(settings), settings.max_upload_bytes, "run")
    profile = validator.validate(dataset).profile
    print(json.dumps({"status": profile.status, "findings": profile.finding_counts}))


WORST_LINES = Benchmark(
    "worst-lines",
    "Processor time of a further megabyte of the worst lines in a default validation, and of each of the first two, "
    "with the lake's files and all findings, beside what any file takes; and the memory of the whole process at 24 MB.",
    measure,
)

if __name__ == "__main__":
    main()
