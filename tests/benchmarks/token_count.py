"""Counts and estimates the tokens of generated files: how far the estimate is off, and what both cost.

python -m tests.benchmarks.token_count KIND CONVERSATIONS MEAN_BYTES_OF_A_TURN FILES TOKENIZER
"""

import io
import json
import sys
import time

from pipeline.dataset.formats.blocks_of_lines import read_blocks
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.reading.columns import Columns, read_columns
from pipeline.dataset.tokens import TokenCount, Tokenizer, TokenStatistics, load_tokenizer, measure_tokens
from tests.dataset.tokens.texts import write_lines


def compare(kind: str, conversation_count: int, mean_bytes: int, seed: int, tokenizer: Tokenizer) -> dict[str, float]:
    """One file, counted and estimated; the seconds are of the processor, without reading, parsing and loading."""
    limits = Limits()
    lines = io.BytesIO(write_lines(kind, conversation_count, seed, mean_bytes))
    blocks = [read_columns(block, limits)[1] for block in read_blocks(lines, limits.max_line_bytes, 1, 0)]
    counted, counting_s = _measure(blocks, tokenizer, is_exact=True)
    estimated, estimating_s = _measure(blocks, tokenizer, is_exact=False)
    return {
        "text_bytes": sum(len(block.text) for block in blocks),
        "error": estimated.tokens / counted.tokens - 1,
        "standard_errors": (estimated.tokens - counted.tokens) / (estimated.standard_error or 1),
        "cost": estimating_s / counting_s,
    }


def _measure(blocks: list[Columns], tokenizer: Tokenizer, is_exact: bool) -> tuple[TokenCount, float]:
    start_s = time.process_time()
    statistics = (measure_tokens(block, tokenizer, exact=is_exact) for block in blocks)
    figures = sum(statistics, start=TokenStatistics()).conclude(tokenizer)
    return figures.count, time.process_time() - start_s


def main() -> None:
    """Print what was found of each file; the first one only warms up."""
    kind, conversation_count, mean_bytes, files, name = sys.argv[1:]
    tokenizer = load_tokenizer(name)
    seeds = [0, *range(int(files))]
    found = [compare(kind, int(conversation_count), int(mean_bytes), seed, tokenizer) for seed in seeds]
    print(json.dumps({"files": found[1:]}))


if __name__ == "__main__":
    main()
