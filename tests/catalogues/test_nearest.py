"""Messages name what was probably meant, or nothing."""

import doctest

from pipeline.catalogues import nearest
from pipeline.catalogues.nearest import did_you_mean


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(nearest).failed == 0


def test_nothing_alike_is_not_named():
    assert did_you_mean("zzzz", ["epochs", "rank"]) == ""
