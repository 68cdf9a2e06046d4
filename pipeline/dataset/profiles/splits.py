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

from pipeline.dataset.model.bit_flags import Flags
from pipeline.dataset.near.clusters import Chosen, Clusters
from pipeline.state.lake.schemas import SPLITS

_SORTED_AT_FIRST = 4_096
_AT_ONCE = 2**16
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
    """The side of every conversation, in file order."""

    clusters: Clusters
    is_validation: Flags
    train_conversations: int
    validation_conversations: int
    train_turns: int
    validation_turns: int

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows of SPLITS, in file order; made from what the file left on disk when it was read."""
        roots, heads = self.clusters.roots, Chosen.that_are_firsts(self.clusters.roots)
        rows = self.clusters.rows_of(heads)
        for first, chunk in self.clusters.records.chunks():
            of_chunk = slice(first, first + len(chunk))
            sides = pa.DictionaryArray.from_arrays(pa.array(self.is_validation[of_chunk].astype(np.int8)), SIDES)
            columns = [chunk["row"], chunk["line"], sides, rows[heads.places(roots[of_chunk])].astype(np.int64)]
            yield pa.RecordBatch.from_arrays(list(map(pa.array, columns)), schema=SPLITS)


def split(clusters: Clusters, rules: SplitRules | None = None) -> Split:
    """Choose whole clusters for validation, as many as the rules ask for or as fit; the rest is for training."""
    rules = rules or SplitRules()
    heads = Chosen.that_are_firsts(clusters.roots)
    chosen = np.zeros(heads.count, dtype=np.bool_)
    chosen[_choose(clusters, heads, rules.target(len(clusters.roots)))] = True
    is_validation = np.empty(len(clusters.roots), dtype=np.bool_)
    turn_count = validation_turns = 0
    for first, chunk in clusters.records.chunks():
        of_chunk = slice(first, first + len(chunk))
        is_validation[of_chunk] = chosen[heads.places(clusters.roots[of_chunk])]
        turn_count += int(chunk["turn_count"].sum())
        validation_turns += int(chunk["turn_count"][is_validation[of_chunk]].sum())
    count = int(is_validation.sum())
    return Split(
        clusters=clusters,
        is_validation=is_validation,
        train_conversations=len(is_validation) - count,
        validation_conversations=count,
        train_turns=turn_count - validation_turns,
        validation_turns=validation_turns,
    )


def _choose(clusters: Clusters, heads: Chosen, target: int) -> list[int]:
    """Clusters with at most `target` conversations together; one that is too large is passed over.

    heads: their first conversations, among which each is told by its place.
    """
    if target == 0:
        return []
    sizes = np.zeros(heads.count, dtype=np.int32)
    keys = np.full(heads.count, 2**64 - 1, dtype=np.uint64)
    for first, chunk in clusters.records.chunks():
        places = heads.places(clusters.roots[first : first + len(chunk)])
        np.add.at(sizes, places, 1)
        np.minimum.at(keys, places, chunk["content"])
    chosen: list[int] = []
    for place in _in_order(keys, (sizes > 0) & (sizes <= target)):
        if sizes[place] <= target:
            chosen.append(place)
            target -= int(sizes[place])
        if target == 0:
            break
    return chosen


def _in_order(keys: npt.NDArray[np.uint64], is_asked: Flags) -> Iterator[int]:
    """Those asked for by scrambled key, by place where keys are equal; the keys are scrambled where they are.

    Few of millions are used, so the smallest are put in order first, then about as many more, then twice as many.
    """
    for first in range(0, len(keys), _AT_ONCE):
        keys[first : first + _AT_ONCE] = _scrambled(keys[first : first + _AT_ONCE])
    is_left, limit = is_asked, (_SORTED_AT_FIRST << 64) // max(int(is_asked.sum()), 1)
    while is_left.any():
        is_next = is_left & (keys <= np.uint64(min(limit, 2**64 - 1)))
        some = np.flatnonzero(is_next)
        yield from some[np.argsort(keys[some], kind="stable")].tolist()
        is_left, limit = is_left & ~is_next, 2 * limit


def _scrambled(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finisher. Without it large clusters, whose smallest hash is smaller, would come first."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
