"""The search for near-duplicates: its processor time and memory, and what it finds of planted pairs."""

from pathlib import Path
from statistics import median

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least, at_most, noted
from tests.benchmarks.engine_cpu import LINES
from tests.benchmarks.generate import Kind, write_conversations
from tests.benchmarks.processes import run

MIB = 2**20
SIZE_BYTES = 960_000_000  # a million conversations
SMALL_BYTES = 30_000_000
SHARE_BYTES = 100_000_000
WANTED: dict[Kind, float] = {"long": 0.4, "short": 0.6}  # of plain Python's time
ROUNDS = 3
PAIRS, SMALL_PAIRS = 2_000, 200


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """What it adds to plain Python's time; speed and memory on a million; the share found at several similarities."""
    return [*_of_share(is_small, folder), *_of_pass(is_small, folder), *_of_recall(is_small, folder)]


def _of_share(is_small: bool, folder: Path) -> list[Measurement]:
    """Near-duplicates alone, and the plain program for all that it does, by turns."""
    measurements = []
    for kind, wanted in WANTED.items():
        path = folder / f"{kind}.jsonl"
        write_conversations(path, SMALL_BYTES if is_small else SHARE_BYTES, kind)
        near, plain = [], []
        for number in range(ROUNDS):
            rows = folder / f"plain-{kind}-{number}"
            rows.mkdir()
            plain.append(run("plain_json", path, rows).cpu_s)
            ran = run("near_pass", path, folder).output
            near.append(ran["sign_s"] + ran["find_s"])
        shares = [one / other for one, other in zip(near, plain, strict=True)]
        what = f"processor time over all of plain Python's, {path.stat().st_size / 1e6:,.0f} MB, {LINES[kind]}"
        per_byte = f"; {median(near) / path.stat().st_size * 1e9:.1f} ns a byte"
        detail = f" ({median(near):.2f} s of {median(plain):.2f} s; {min(shares):.2f} to {max(shares):.2f}{per_byte})"
        measurements.append(at_most(what, wanted, median(shares), detail=detail))
        path.unlink()
    return measurements


def _of_pass(is_small: bool, folder: Path) -> list[Measurement]:
    path = folder / "upload.jsonl"
    write_conversations(path, SMALL_BYTES if is_small else SIZE_BYTES, "short")
    ran = run("near_pass", path, folder)
    path.unlink()
    count = ran.output["conversations"]
    cpu_s = ran.output["sign_s"] + ran.output["find_s"]
    detail = f" ({count:,} of {ran.output['text_bytes'] / count:,.0f} bytes; {ran.output['sign_s']:.1f} s to sign)"
    return [
        at_least("conversations a second of processor time", 10_000, count / cpu_s, detail=detail),
        at_most("peak, with reading a file of so many", 400, ran.peak_bytes / MIB, " MiB"),
        noted("on disk meanwhile", ran.output["spill_bytes"] / count, " bytes a conversation"),
    ]


def _of_recall(is_small: bool, folder: Path) -> list[Measurement]:
    found = run("near_recall", SMALL_PAIRS if is_small else PAIRS, folder).output
    measurements = []
    for words, similarity, mean, share, across in found["pairs"]:
        what, detail = f"found of {words:,} words at a Jaccard similarity of {mean:.2f}", f" ({across} across a split)"
        if similarity >= 0.8:
            measurements.append(at_least(what, 99, 100 * share, " %", detail))
        elif similarity == min(each[1] for each in found["pairs"]):
            measurements.append(at_most(what, 4, 100 * share, " %", detail))
        else:
            measurements.append(noted(what, 100 * share, " %", detail))
    return measurements


NEAR_DUPLICATES = Benchmark(
    "near-duplicates",
    "The search for near-duplicates alone (signatures and clusters), over the plain program with `json.loads` "
    "(tests/benchmarks/plain_json.py) that judges structure and writes tables; a million conversations; and 2,000 "
    "pairs each planted at similarities around the threshold of 0.8.",
    measure,
)
