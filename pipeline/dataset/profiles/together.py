"""Counts conversations by which codes they have together, while a file is read.

A trainer that drops rows for several codes drops a row once. Of a code that is found too often not every finding is
listed, so what the list cannot tell is counted here.
"""

from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np

from pipeline.dataset.findings.groups import Group


def count_together(groups: Iterable[Group], codes: Collection[str], conversation_count: int) -> Counter[frozenset[str]]:
    """How many of a block's conversations have which of the codes; at least one.

    groups: findings of conversations; their rows are those of the block's conversations.
    """
    counted = [group for group in groups if group.code in codes]
    if not counted:
        return Counter()
    found = sorted({group.code for group in counted})
    had = np.zeros(conversation_count, dtype=np.int64)
    for group in counted:
        had[group.rows] |= 1 << found.index(group.code)
    combinations, counts = np.unique(had[had > 0], return_counts=True)
    return Counter(
        {
            frozenset(code for bit, code in enumerate(found) if combination >> bit & 1): count
            for combination, count in zip(combinations.tolist(), counts.tolist(), strict=True)
        }
    )
