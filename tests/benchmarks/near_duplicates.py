"""The search for near-duplicates: its processor time and memory, and what it finds of planted pairs."""

from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least, at_most, noted
from tests.benchmarks.generate import write_conversations
from tests.benchmarks.processes import run

MIB = 2**20
SIZE_BYTES = 960_000_000  # a million conversations
SMALL_BYTES = 30_000_000
PAIRS, SMALL_PAIRS = 2_000, 200


def measure(is_small: bool, folder: Path) -> list[Measurement]:
    """Speed and memory on a file of short conversations, then the share found at several similarities."""
    return [*_of_pass(is_small, folder), *_of_recall(is_small, folder)]


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
        at_most("peak, with reading the file", 500, ran.peak_bytes / MIB, " MiB"),
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
    "Near-duplicates among a million conversations, and pairs planted at similarities around the threshold of 0.8.",
    measure,
)
