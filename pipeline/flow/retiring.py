"""Which partitions Dagster may forget: the oldest, of datasets of which nothing is under way.

Dagster lists the whole set at each look that finds something, and at the start of each run, so the set is bounded.
What a dataset is remains in catalog, lake and warehouse; a run that is asked for later brings its partition back.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

MOST_RETIRED = 1_000  # of a set and a look: the daemon takes them out one by one
_PAGE, _LEAST_PAGE = 1_000, 50  # a key may stand for hundreds of datasets
_MOST_LOOKED_AT = 20_000  # the oldest may be open for long
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def to_retire(
    order: Sequence[str],
    kept: int,
    busy: Collection[str],
    settled: Callable[[Sequence[str]], Collection[str]],
    most: int = MOST_RETIRED,
) -> list[str]:
    """Return the keys to take out, oldest first, so that `kept` are left where that many may go.

    order: the set, oldest first. busy: keys that runs name. settled: those of some keys of whose datasets nothing is
    under way; a key that nobody knows is settled.
    """
    wanted = min(len(order) - kept, most)
    found: list[str] = []
    looked_at = [key for key in islice(order, _MOST_LOOKED_AT) if key not in busy]
    size = min(_PAGE, max(_LEAST_PAGE, 2 * wanted))
    for start in range(0, len(looked_at), size):
        if len(found) >= wanted:
            break
        page = looked_at[start : start + size]
        may_go = settled(page)
        found += [key for key in page if key in may_go]
    return found[: max(0, wanted)]


def named_by_runs(order: Sequence[str], runs_tags: Sequence[Mapping[str, str]]) -> set[str]:
    """The keys of a set that runs are about, by their tags: one each, or a range."""
    places = {key: place for place, key in enumerate(order)} if runs_tags else {}
    named: set[str] = set()
    for tags in runs_tags:
        if single := tags.get("dagster/partition"):
            named.add(single)
        ends = [places.get(tags.get(name, "")) for name in _RANGE]
        if ends[0] is not None and ends[1] is not None:
            named.update(order[ends[0] : ends[1] + 1])
    return named
