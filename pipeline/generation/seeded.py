"""What is drawn follows from a seed and names alone: the same on every machine, in every process and Python.

Nothing here is random by itself, and nothing hangs on the order of a set.
"""

from collections.abc import Sequence
from math import lcm

import xxhash


def drawn(*of: int | str) -> int:
    """A number from 0 to 2^63 - 1 that follows from these.

    >>> drawn(7, "situation") == drawn(7, "situation"), drawn(7, "situation") == drawn(8, "situation")
    (True, False)
    """
    return xxhash.xxh3_64_intdigest("\0".join(map(str, of)).encode()) >> 1


def combination(number: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """The places, one in each of lists of these sizes, that the number stands for; each combination once in a round.

    Numbers in a row differ in as many places as they can, unlike the digits of a count.

    >>> [combination(number, (2, 4)) for number in range(8)]
    [(0, 0), (1, 1), (0, 2), (1, 3), (0, 1), (1, 2), (0, 3), (1, 0)]
    """
    places: list[int] = []
    before = 1
    for size in sizes:
        place = number % (before * size)
        places.append((place + place // lcm(before, size)) % size)
        before *= size
    return tuple(places)
