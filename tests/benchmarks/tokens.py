"""How far the estimated number of tokens is off, and what share of the cost of counting them it takes.

Both include the spread of rows and what truncation does to them. Short files are the hard ones: a share of little text
is little to learn from, and the work for each file does not shrink with it.
"""

from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.benchmark import Benchmark, Measurement, at_most, noted
from tests.benchmarks.processes import run

KINDS = ("english", "chinese", "code", "emoji", "mixed")
TOKENIZERS = ("o200k_base", "cl100k_base")
# (conversations, mean bytes of a turn): with seven turns in the mean, files of about 1.5, 5 and 18 MB.
SIZES = ((1_100, 130), (1_500, 400), (2_000, 1_200))
FILES, FEW_FILES = 8, 2


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """The largest error over the files of a kind, and the cost by size."""
    sizes, files = (SIZES[:2], FEW_FILES) if is_small else (SIZES, FILES)
    measurements = []
    costs: dict[tuple[int, int], list[float]] = {size: [] for size in sizes}
    for kind in KINDS:
        found = []
        for size in sizes:
            of_size = [each for name in TOKENIZERS for each in _compared(kind, *size, files, name)]
            costs[size] += [each["cost"] for each in of_size]
            found += of_size
        worst = max(abs(each["error"]) for each in found)
        within = sum(abs(each["standard_errors"]) <= 2 for each in found) / len(found)
        detail = f" ({len(found)} files; {within:.0%} within two of their standard errors)"
        measurements.append(at_most(f"largest error, {kind}", 2, 100 * worst, " %", detail))
    for (conversations, mean_bytes), shares in costs.items():
        what = f"cost of counting, {conversations:,} conversations with turns of {mean_bytes:,} bytes"
        detail = f" ({100 * min(shares):.1f} to {100 * max(shares):.1f})"
        is_large = mean_bytes >= SIZES[-1][1]
        share = 100 * median(shares)
        measurements.append(at_most(what, 5, share, " %", detail) if is_large else noted(what, share, " %", detail))
    return measurements


def _compared(kind: str, conversations: int, mean_bytes: int, files: int, tokenizer: str) -> list[dict[str, Any]]:
    return run("token_count", kind, conversations, mean_bytes, files, tokenizer).output["files"]


TOKENS = Benchmark(
    "tokens",
    "The estimated number of tokens against the exact one, for files of more than a thousand conversations and two "
    "vocabularies: the error, and the processor time over that of counting every turn with the same tokenizer.",
    measure,
)
