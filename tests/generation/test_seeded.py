"""What follows from a seed, the same everywhere."""

from itertools import product
from math import prod

import pytest

from pipeline.generation.seeded import combination, drawn


def test_a_draw_is_the_same_on_every_machine_and_in_every_version():
    assert drawn(7, "order", "anna", 3) == 6915628659124731606


def test_parts_of_a_draw_do_not_run_together():
    assert drawn("ab", "c") != drawn("a", "bc")


@pytest.mark.parametrize("sizes", [(3, 8, 8), (2, 4), (1, 1), (5,), (2, 3, 4, 6)])
def test_a_round_has_each_combination_once(sizes):
    found = {combination(number, sizes) for number in range(prod(sizes))}

    assert found == set(product(*map(range, sizes)))


def test_neighbours_differ_wherever_they_can():
    for number in range(200):
        before, after = combination(number, (3, 8, 7)), combination(number + 1, (3, 8, 7))
        assert sum(one == other for one, other in zip(before, after, strict=True)) <= 1
