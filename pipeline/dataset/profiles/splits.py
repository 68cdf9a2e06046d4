"""Splits a dataset into training and validation, so that near-duplicates stay on one side.

Which side a cluster goes to depends on its conversations, not on their places or order. Clusters are taken for
validation in the order of a key, a scrambled form of the smallest content hash in the cluster, until enough are taken.
When rows are added, the keys of all clusters but those that a new row joins stay: the rest of the old clusters keeps
its order, and only the place where validation ends moves, so of equal clusters none goes in while another goes out. A
cluster gets another key when the new row has the smallest hash of all its rows (once in k for a cluster of then k),
or when the row joins it with another cluster; the key of the two is then that of one of them, or the row's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.dataset.model.bit_flags import Flags, Integers
from pipeline.dataset.near.near_duplicates import Clusters
from pipeline.state.lake.schemas import SPLITS

_SORTED_AT_FIRST = 4_096
TRAIN, VALIDATION = SIDES = ("train", "validation")


@dataclass(frozen=True, slots=True)
class SplitRules:
    """How much is kept for validation: a share of the conversations, up to a number, of datasets large enough."""

    validation_share: float = 0.05
    max_validation_conversations: int = 500
    min_conversations: int = 50

    def target(self, conversation_count: int) -> int:
        """How many conversations of so many are wanted for validation."""
        if conversation_count < self.min_conversations:
            return 0
        return min(int(conversation_count * self.validation_share), self.max_validation_conversations)


@dataclass(frozen=True, slots=True)
class Split:
    """The side of every conversation, in file order. clusters: the smallest row of each one's cluster."""

    rows: Integers
    lines: Integers
    clusters: Integers
    is_validation: Flags
    train_conversations: int
    validation_conversations: int
    train_turns: int
    validation_turns: int

    def table(self) -> pa.Table:
        """Rows of SPLITS, in file order."""
        sides = pa.DictionaryArray.from_arrays(pa.array(self.is_validation.astype(np.int8)), pa.array(SIDES))
        return pa.table([pa.array(self.rows), pa.array(self.lines), sides, pa.array(self.clusters)], schema=SPLITS)


def split(clusters: Clusters, rules: SplitRules | None = None) -> Split:
    """Choose whole clusters for validation, as many as the rules ask for or as fit; the rest is for training."""
    rules = rules or SplitRules()
    chosen = np.zeros(len(clusters.rows), dtype=np.bool_)
    chosen[_choose(clusters, rules.target(len(clusters.rows)))] = True
    is_validation = chosen[clusters.roots]
    count = int(is_validation.sum())
    turn_count, validation_turns = int(clusters.turn_counts.sum()), int(clusters.turn_counts[is_validation].sum())
    return Split(
        rows=clusters.rows,
        lines=clusters.lines,
        clusters=clusters.clusters,
        is_validation=is_validation,
        train_conversations=len(is_validation) - count,
        validation_conversations=count,
        train_turns=turn_count - validation_turns,
        validation_turns=validation_turns,
    )


def _choose(clusters: Clusters, target: int) -> list[int]:
    """Roots of clusters with at most `target` conversations together; one that is too large is passed over."""
    if target == 0:
        return []
    sizes = np.bincount(clusters.roots, minlength=len(clusters.roots)).astype(np.int32)
    keys = clusters.contents.copy()
    np.minimum.at(keys, clusters.roots, clusters.contents)
    roots = np.flatnonzero((sizes > 0) & (sizes <= target)).astype(np.int32)
    chosen: list[int] = []
    for root in _in_order(roots, _scrambled(keys[roots])):
        if sizes[root] <= target:
            chosen.append(root)
            target -= int(sizes[root])
        if target == 0:
            break
    return chosen


def _in_order(roots: npt.NDArray[np.int32], keys: npt.NDArray[np.uint64]) -> Iterator[int]:
    """The roots by key, by place where keys are equal. Few of millions are asked for, so few are sorted at first."""
    if len(roots) > _SORTED_AT_FIRST:
        is_first = keys <= np.partition(keys, _SORTED_AT_FIRST)[_SORTED_AT_FIRST]
        yield from roots[is_first][np.argsort(keys[is_first], kind="stable")].tolist()
        roots, keys = roots[~is_first], keys[~is_first]
    yield from roots[np.argsort(keys, kind="stable")].tolist()


def _scrambled(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finisher. Without it large clusters, whose smallest hash is smaller, would come first."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
