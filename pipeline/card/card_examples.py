"""Picks the first findings of each kind, from rows in memory or from a file of findings in bounded memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.contract.finding_record import FindingRecord, FindingRow
from pipeline.state.lake.older_files import current_findings
from pipeline.state.lake.parquet_files import ANEW, parquet_file

EXAMPLES = 3  # of each kind
_BATCH_ROWS = 65_536


def pick_examples(rows: Iterable[FindingRow]) -> tuple[FindingRecord, ...]:
    """The first EXAMPLES rows of each code, in order."""
    picked: list[FindingRecord] = []
    seen: Counter[str] = Counter()
    for row in rows:
        code = row["code"]
        seen[code] += 1
        if seen[code] <= EXAMPLES:
            picked.append(FindingRecord.of(row))
    return tuple(picked)


def first_examples(findings_path: Path, finding_counts: Mapping[str, int]) -> tuple[FindingRecord, ...]:
    """The first examples of each code in a Parquet file of findings; stops when all that were counted are seen."""
    return pick_examples(_firsts(findings_path, dict(finding_counts)))


def _firsts(path: Path, counts: Mapping[str, int]) -> Iterator[FindingRow]:
    missing = Counter({code: min(EXAMPLES, count) for code, count in counts.items()})
    with parquet_file(path, ANEW, read_dictionary=["code"]) as file:
        for batch in map(current_findings, file.iter_batches(_BATCH_ROWS)):
            if not +missing:
                return
            rows = batch.take(pa.array(_places(batch["code"], missing), pa.int64())).to_pylist()
            missing -= Counter(row["code"] for row in rows)
            yield from rows


def _places(codes: pa.DictionaryArray, missing: Counter[str]) -> list[int]:
    """Where the first rows of each missing code stand, in order."""
    indices = codes.indices.to_numpy()
    wanted = {index: missing[code] for index, code in enumerate(codes.dictionary.to_pylist()) if missing[code] > 0}
    places = [np.flatnonzero(indices == index)[:count] for index, count in wanted.items()]
    return sorted(int(place) for found in places for place in found)
