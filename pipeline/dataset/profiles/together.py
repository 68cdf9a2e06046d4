"""Counts conversations by which codes they have together, while a file is read.

A trainer that drops rows for several codes drops a row once. Of a code that is found too often not every finding is
listed, so what the list cannot tell is counted here.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from pipeline.dataset.findings.groups import Group
from pipeline.trainers.acceptance.acceptance_rules import dropping_codes


def count_together(groups: Iterable[Group], conversation_count: int) -> Counter[frozenset[str]]:
    """How many of a block's conversations have which of the codes that some trainer drops rows for; at least one.

    groups: findings of conversations; their rows are those of the block's conversations.
    """
    dropping = [group for group in groups if group.code in dropping_codes()]
    if not dropping:
        return Counter()
    codes = sorted({group.code for group in dropping})
    had = np.zeros(conversation_count, dtype=np.int64)
    for group in dropping:
        had[group.rows] |= 1 << codes.index(group.code)
    combinations, counts = np.unique(had[had > 0], return_counts=True)
    return Counter(
        {
            frozenset(code for bit, code in enumerate(codes) if combination >> bit & 1): count
            for combination, count in zip(combinations.tolist(), counts.tolist(), strict=True)
        }
    )
