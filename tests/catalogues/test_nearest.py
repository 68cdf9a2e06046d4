"""Messages name what was probably meant, or nothing."""

import doctest
import sys

from pipeline.catalogues.nearest import did_you_mean


def test_the_examples_in_the_docstrings_are_true():
    module = sys.modules[did_you_mean.__module__]  # `pipeline.catalogues.nearest` may also be the function of that name

    assert doctest.testmod(module).failed == 0


def test_nothing_alike_is_not_named():
    assert did_you_mean("zzzz", ["epochs", "rank"]) == ""
