"""Datatrove's search for near-duplicates with its own settings, and its filters after Gopher's rules.

datatrove_pass.py FILE FOLDER, with the Python of .venv-peers: prints JSON, processor time in seconds.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
from loguru import logger
from reading import texts_of, timed


def documents(path: Path) -> Iterator[Document]:
    for number, text in enumerate(texts_of(path)):
        yield Document(text=text, id=str(number))


def near(path: Path, folder: Path) -> int:
    """How many are left: words of five, 14 buckets of 8 hashes, which finds pairs from a similarity of 0.7 on."""
    config = MinhashConfig()
    signatures, buckets, removed = (str(folder / name) for name in ("signatures", "buckets", "removed"))
    MinhashDedupSignature(signatures, config=config).run(documents(path), 0, 1)
    for bucket in range(config.num_buckets):
        MinhashDedupBuckets(signatures, buckets, config=config).run(None, bucket, config.num_buckets)
    MinhashDedupCluster(buckets, removed, config=config).run(None, 0, 1)
    return sum(1 for _ in MinhashDedupFilter(removed).run(documents(path), 0, 1))


def rules(path: Path) -> int:
    """How many pass both filters."""
    return sum(1 for _ in GopherQualityFilter().run(GopherRepetitionFilter().run(documents(path), 0, 1), 0, 1))


def main() -> None:
    logger.remove()
    path, folder = Path(sys.argv[1]), Path(sys.argv[2])
    read, read_s = timed(lambda: sum(1 for _ in documents(path)))
    left, near_s = timed(lambda: near(path, folder))
    good, rules_s = timed(lambda: rules(path))
    print(
        json.dumps(
            {"read": read, "left": left, "good": good, "near_s": near_s - 2 * read_s, "rules_s": rules_s - read_s}
        )
    )


if __name__ == "__main__":
    main()
