"""Processor time of the engine against two programs that one might write instead, each with full outputs.

They take turns, so that a machine that slows down slows all; what counts is the median of the rounds' ratios.
"""

from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.generate import Kind, write_conversations
from tests.benchmarks.processes import Ran, run

SIZE_BYTES = 500_000_000
SMALL_BYTES = 20_000_000
ROUNDS = 5
LINES: dict[Kind, str] = {"long": "lines of 11 KB", "short": "lines of 900 bytes"}
# What DuckDB's way of counting does not change.
EXACT_IN_DUCKDB = ("conversations", "turns", "roles", "turns_per_conversation", "duplicate_conversation_ids")


def against_plain_json(is_small: bool, folder: Path) -> list[Measurement]:
    """Both find the same figures, or there is no result."""
    measurements = []
    for kind, wanted in (("long", 0.40), ("short", 0.50)):
        size_bytes = SMALL_BYTES if is_small else SIZE_BYTES
        ours, theirs = _take_turns(kind, size_bytes, folder, "plain_json")
        _insist_on_equal(ours[0].output["figures"], theirs[0].output["figures"])
        measurements += _ratios(kind, size_bytes, wanted, ours, theirs)
    return measurements


def against_duckdb(is_small: bool, folder: Path) -> list[Measurement]:
    """Against DuckDB with the same figures; and, noted, with its quickest way to count words, which misses some."""
    size_bytes = SMALL_BYTES if is_small else SIZE_BYTES
    measurements = []
    for kind in LINES:
        ours, theirs = _take_turns(kind, size_bytes, folder, "duckdb_ndjson", "exact-words")
        _insist_on_equal(ours[0].output["figures"], theirs[0].output["figures"])
        measurements += _ratios(kind, size_bytes, 1.0, ours, theirs)
        ours, theirs = _take_turns(kind, size_bytes, folder, "duckdb_ndjson")
        figures = theirs[0].output["figures"]
        _insist_on_equal(ours[0].output["figures"], {name: figures[name] for name in EXACT_IN_DUCKDB})
        share = median(our.cpu_s / their.cpu_s for our, their in zip(ours, theirs, strict=True))
        measurements.append(noted(f"ratio when DuckDB takes only spaces for white space, {LINES[kind]}", share))
    return measurements


def _take_turns(
    kind: Kind, size_bytes: int, folder: Path, program: str, *arguments: str
) -> tuple[list[Ran], list[Ran]]:
    path = folder / f"{kind}.jsonl"
    if not path.exists():
        write_conversations(path, size_bytes, kind)
    ours, theirs = [], []
    for number in range(ROUNDS):
        ours.append(run("engine", path, _new(folder / f"ours-{number}")))
        theirs.append(run(program, path, _new(folder / f"theirs-{number}"), *arguments))
        for made in [*folder.glob("ours-*/*"), *folder.glob("theirs-*/*")]:
            made.unlink()
    return ours, theirs


def _new(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _insist_on_equal(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    differences = {name: (ours[name], value) for name, value in theirs.items() if ours[name] != value}
    if differences:
        raise RuntimeError(f"expected the same figures, found {differences}")


def _ratios(kind: Kind, size_bytes: int, wanted: float, ours: list[Ran], theirs: list[Ran]) -> list[Measurement]:
    shares = [our.cpu_s / their.cpu_s for our, their in zip(ours, theirs, strict=True)]
    our_cpu_s, their_cpu_s = median(each.cpu_s for each in ours), median(each.cpu_s for each in theirs)
    detail = f" ({our_cpu_s:.2f} s of {their_cpu_s:.2f} s; {min(shares):.2f} to {max(shares):.2f})"
    return [at_most(f"ratio on {size_bytes / 1e6:,.0f} MB, {LINES[kind]}", wanted, median(shares), detail=detail)]


PLAIN_JSON = Benchmark(
    "engine-cpu",
    "Processor time of the engine for structure alone, as a function call in a process of its own, over that of a "
    "plain program with `json.loads` and the same tables (tests/benchmarks/plain_json.py). Both find the same figures. "
    "This is not what the command does by default: see check-command.",
    against_plain_json,
)
DUCKDB = Benchmark(
    "engine-cpu-duckdb",
    "The same against DuckDB's typed `read_ndjson` with one thread and the same statistics and tables, without "
    "exact verdicts, line numbers of faults, hashes of the bytes or findings (tests/benchmarks/duckdb_ndjson.py).",
    against_duckdb,
)
