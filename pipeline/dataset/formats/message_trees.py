"""Orders messages that say which one they answer: each tree from its root by the best reply, then what is left out."""

import numpy as np
import numpy.typing as npt

from pipeline.dataset.model.bit_flags import Integers, Reals

Keys = npt.NDArray[np.uint64]


def tree_order(keys: Keys, parents: Keys, ranks: Reals, left_out: float) -> tuple[Integers, Integers, Integers]:
    """The rows' numbers in their new order; where each tree begins in it, and the end; how many of each lead down it.

    keys: of each message, 0 of a row of its own. parents: of the message that it answers, 0 for none. ranks: the lowest
    is the best, NaN behind all; a reply of `left_out` leads nowhere. Equal ones follow in the order of the file.
    Messages whose parents are missing, or go round in a circle, begin trees of their own.
    """
    above = _rows_above(keys, parents)
    roots = _roots(above)
    above[roots == np.arange(len(keys))] = -1
    depths = _way_down(above, roots, np.nan_to_num(ranks, nan=left_out / 2), left_out)
    is_left_out = depths < 0
    order = np.lexsort((np.arange(len(keys)), np.where(is_left_out, 0, depths), is_left_out, roots))
    firsts = np.append(np.flatnonzero(np.diff(roots[order], prepend=-1)), len(keys))
    kept = np.diff(np.concatenate([[0], np.cumsum(~is_left_out[order])])[firsts])
    return order, firsts, kept


def _rows_above(keys: Keys, parents: Keys) -> Integers:
    """The row that each answers, -1 for none; of several with one key the first."""
    named, rows = np.unique(keys, return_index=True)
    places = np.minimum(np.searchsorted(named, parents), max(0, len(named) - 1))
    is_found = (parents != 0) & (keys != 0) & (named[places] == parents) if len(named) else np.zeros(0, dtype=np.bool_)
    above: Integers = np.where(is_found, rows[places] if len(named) else 0, -1)
    return above


def _roots(above: Integers) -> Integers:
    """The row at the top of each one's tree: itself for a row that has none above it, or is in a circle."""
    own = np.arange(len(above))
    up = np.where(above < 0, own, above)
    for _ in range(len(above).bit_length()):  # each step goes up twice as far as the one before
        higher = up[up]
        if (higher == up).all():
            break
        up = higher
    is_top = above < 0
    return np.where(is_top[up], up, own)


def _way_down(above: Integers, roots: Integers, ranks: Reals, left_out: float) -> Integers:
    """How far each row is below its root, on the way by the best replies; -1 beside it."""
    replies = np.flatnonzero((above >= 0) & (ranks < left_out))
    replies = replies[np.lexsort((replies, ranks[replies], above[replies]))]
    asked, firsts = np.unique(above[replies], return_index=True)
    best = np.full(len(above), -1, dtype=np.int64)
    best[asked] = replies[firsts]
    depths = np.full(len(above), -1, dtype=np.int64)
    here, depth = np.flatnonzero(roots == np.arange(len(above))), 0
    while len(here):
        depths[here] = depth
        here, depth = best[here], depth + 1
        here = here[here >= 0]
    return depths
