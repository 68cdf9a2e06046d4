"""Promises of `tests.golden_names`: one golden is written without the others."""

import pytest

from tests.golden_names import chosen_goldens

NAMES = ["errors.txt", "errors.colored.txt", "valid.txt"]


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [([], NAMES), (["valid.txt"], ["valid.txt"]), (["valid"], ["valid.txt"]), (["errors"], NAMES[:2])],
)
def test_those_that_are_named_or_all(asked, chosen):
    assert chosen_goldens(NAMES, asked) == chosen


def test_a_slip_writes_nothing():
    with pytest.raises(SystemExit, match="no golden named vald; there are "):
        chosen_goldens(NAMES, ["vald", "valid"])
