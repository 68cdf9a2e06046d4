"""Data-Juicer's search for near-duplicates at our threshold, and its filters that need no model.

juicer_pass.py FILE FOLDER, with the Python of .venv-peers: prints JSON, processor time in seconds. Its operators are
applied as their `run` does; that would install torch, 5 GB, to look for a GPU.
"""

import json
import os
import sys
from pathlib import Path

from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator
from data_juicer.ops.filter.character_repetition_filter import CharacterRepetitionFilter
from data_juicer.ops.filter.special_characters_filter import SpecialCharactersFilter
from data_juicer.ops.filter.word_repetition_filter import WordRepetitionFilter
from data_juicer.utils.constant import Fields
from datasets import Dataset, disable_progress_bars
from loguru import logger
from reading import texts_of, timed

THRESHOLD = 0.8
FILTERS = (CharacterRepetitionFilter, WordRepetitionFilter, SpecialCharactersFilter)


def near(data: Dataset) -> int:
    """How many are left."""
    search = DocumentMinhashDeduplicator(jaccard_threshold=THRESHOLD)
    left, _ = search.process(data.map(search.compute_hash))
    return len(left)


def rules(data: Dataset) -> int:
    """How many pass all filters."""
    data = data.add_column(Fields.stats, [{}] * len(data))
    for each in FILTERS:
        rule = each()
        data = data.map(rule.compute_stats, batched=True).filter(rule.process, batched=True)
    return len(data)


def main() -> None:
    logger.remove()
    disable_progress_bars()
    os.chdir(sys.argv[2])
    data = Dataset.from_list([{"text": text} for text in texts_of(Path(sys.argv[1]))])
    left, near_s = timed(lambda: near(data))
    good, rules_s = timed(lambda: rules(data))
    print(json.dumps({"read": len(data), "left": left, "good": good, "near_s": near_s, "rules_s": rules_s}))


if __name__ == "__main__":
    main()
