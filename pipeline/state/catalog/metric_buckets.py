"""A figure over steps in short: neighbouring steps share a bucket, which keeps its least, greatest and last value.

A series has at most MOST_BUCKETS; when it would have more, each pair becomes one. So a page that draws a million points
reads as many rows as one that draws a thousand, and no peak between is lost.
"""

from collections.abc import Iterable

MOST_BUCKETS = 1_000
Bucket = tuple[int, int, float, float, float]
"""First step, last step, least, greatest, and last value."""


def with_points(
    buckets: Iterable[Bucket], steps_a_bucket: int, points: Iterable[tuple[int, float]]
) -> tuple[list[Bucket], int]:
    """Add points, step and value each, in any order; return the buckets in order, and how many steps each has."""
    by_place = {bucket[0] // steps_a_bucket: bucket for bucket in buckets}
    for step, value in points:
        place = step // steps_a_bucket
        found = by_place.get(place)
        by_place[place] = (
            _joined(found, (step, step, value, value, value)) if found else (step, step, value, value, value)
        )
        while len(by_place) > MOST_BUCKETS:
            steps_a_bucket *= 2
            by_place = _halved(by_place.values(), steps_a_bucket)
    return [by_place[place] for place in sorted(by_place)], steps_a_bucket


def _halved(buckets: Iterable[Bucket], steps_a_bucket: int) -> dict[int, Bucket]:
    halved: dict[int, Bucket] = {}
    for bucket in buckets:
        place = bucket[0] // steps_a_bucket
        found = halved.get(place)
        halved[place] = _joined(found, bucket) if found else bucket
    return halved


def _joined(one: Bucket, other: Bucket) -> Bucket:
    last = one if one[1] > other[1] else other
    return min(one[0], other[0]), last[1], min(one[2], other[2]), max(one[3], other[3]), last[4]
