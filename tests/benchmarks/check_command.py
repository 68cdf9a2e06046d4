"""Processor time of the command that people type, with everything that it does by default, over that of plain Python.

The plain program does less: it judges structure and writes the same tables, and looks at no text, no near-duplicate and
no language. So the first figure says what the default costs, the second what the comparison of like with like does.
"""

from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import Kind, write_conversations
from tests.benchmarks.processes import Ran, run, run_module

SIZE_BYTES = 300_000_000
SMALL_BYTES = 20_000_000
ROUNDS = 3
# What is typed after `lora-pipeline check FILE --output FOLDER`, and the share of plain Python's time that is wanted.
WAYS: dict[str, tuple[tuple[str, ...], dict[Kind, float]]] = {
    "default": ((), {"long": 1.15, "short": 1.5}),
    "--structure-only": (("--structure-only",), {"long": 0.45, "short": 0.45}),
}
TWENTY_LINES_BYTES = 16_000


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """All programs take turns; what counts is the median of the rounds' ratios."""
    size_bytes = SMALL_BYTES if is_small else SIZE_BYTES
    measurements = []
    for kind in LINES:
        path = folder / f"{kind}.jsonl"
        write_conversations(path, size_bytes, kind)
        plain: list[Ran] = []
        ours: dict[str, list[Ran]] = {way: [] for way in WAYS}
        for number in range(ROUNDS):
            plain.append(run("plain_json", path, _new(folder / f"plain-{kind}-{number}")))
            for way, (options, _) in WAYS.items():
                ours[way].append(_check(path, folder / f"ours-{kind}-{number}{way}", *options))
        for way, (_, wanted) in WAYS.items():
            what = f"check --output, {way}, {size_bytes / 1e6:,.0f} MB, {LINES[kind]}, over plain Python"
            shares = [our.cpu_s / their.cpu_s for our, their in zip(ours[way], plain, strict=True)]
            cpu_s, plain_s = median(each.cpu_s for each in ours[way]), median(each.cpu_s for each in plain)
            peak = max(each.peak_bytes for each in ours[way]) / 2**20
            detail = f" ({cpu_s:.2f} s of {plain_s:.2f} s; {min(shares):.2f} to {max(shares):.2f}; {peak:,.0f} MiB)"
            measurements.append(at_most(what, wanted[kind], median(shares), detail=detail))
    path = folder / "few.jsonl"
    write_conversations(path, TWENTY_LINES_BYTES, "short")
    few = [_check(path, folder / f"few-{number}") for number in range(ROUNDS)]
    measurements.append(at_most("check --output of a file of 16 KB, CPU", 0.5, median(e.cpu_s for e in few), " s"))
    measurements.append(noted("the same, wall time", median(each.wall_s for each in few), " s"))
    return measurements


def _check(path: Path, folder: Path, *options: str) -> Ran:
    """Exit code 1 says that there are findings."""
    return run_module("pipeline.cli", "check", path, "--output", folder, *options, good_codes=(0, 1), is_json=False)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


CHECK_COMMAND = Benchmark(
    "check-command",
    "What people run: `lora-pipeline check FILE --output FOLDER` as a process, from its start to its end, its helpers' "
    "processor time included, over a plain program with `json.loads` (tests/benchmarks/plain_json.py) that judges "
    "structure and writes the same tables, and does nothing else. By default the command also looks for "
    "near-duplicates, secrets, languages, odd answers and token counts; `--structure-only` leaves these out.",
    measure,
)
