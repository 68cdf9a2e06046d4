"""A program that is measured: which of planted pairs of a known similarity are found.

python -m tests.benchmarks.near_recall PAIRS FOLDER   prints JSON: for each similarity the share that was found, and
how many of the pairs that are near-duplicates lie across the split; for texts of two lengths
"""

import json
import random
import sys
from itertools import product
from pathlib import Path

from pipeline.dataset.near.near_duplicates import find_near_duplicates
from pipeline.dataset.near.signatures import bands_of, signatures
from pipeline.dataset.profiles.duplicates import fingerprints
from pipeline.dataset.profiles.splits import SplitRules, split
from tests.dataset.near.examples import jaccard_of, lines_of
from tests.engine_blocks import columns_of

WORDS = (154, 1_000)  # 150 shingles, about 900 bytes; 996
MEASURED_PAIRS = 100  # whose similarity is computed; the others are made alike
SIMILARITIES = (0.7, 0.75, 0.8, 0.85, 0.9)


def run(pair_count: int, folder: Path) -> list[list[float]]:
    """For each: words, similarity, the mean one of its pairs, the share that were found, pairs across the split."""
    found = []
    for words, similarity in product(WORDS, SIMILARITIES):
        pairs = [_pair(words, similarity, random.Random(number)) for number in range(pair_count)]
        columns = columns_of(*lines_of([turns] for pair in pairs for turns in pair))
        spill = folder / "signatures.bin"
        signed, bands = signatures(columns, fingerprints(columns)["turns"][:, 0])
        spill.write_bytes(signed.tobytes())
        bands_of(spill).write_bytes(bands.tobytes())
        clusters = find_near_duplicates([spill]).clusters
        is_validation = split(clusters, SplitRules(validation_share=0.5, max_validation_conversations=10**9))
        roots = clusters.roots
        is_found = [roots[i] == roots[i + 1] for i in range(0, len(roots), 2)]
        sides = is_validation.is_validation
        across = sum(bool(sides[i] != sides[i + 1]) for i in range(0, len(sides), 2))
        some = pairs[:MEASURED_PAIRS]
        mean = sum(jaccard_of(*([text] for text in pair)) for pair in some) / len(some)
        found.append([words, similarity, mean, sum(map(bool, is_found)) / pair_count, across])
    return found


def _pair(word_count: int, similarity: float, rng: random.Random) -> tuple[str, str]:
    """Two texts that differ in one passage; no word is used twice."""
    words = [f"{rng.getrandbits(20):x}" for _ in range(word_count)]
    other = list(words)
    passage = round((word_count - 4) * (1 - similarity) / (1 + similarity)) - 4
    start = rng.randint(4, word_count - passage - 4)
    other[start : start + passage] = [f"{rng.getrandbits(20):x}" for _ in range(passage)]
    return " ".join(words), " ".join(other)


if __name__ == "__main__":
    print(json.dumps({"pairs": run(int(sys.argv[1]), Path(sys.argv[2]))}))
