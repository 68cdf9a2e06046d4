"""The guard against clocks finds each line that is marked in tests/golden/clocks, and no other."""

from pathlib import Path

import pytest

from tests.clocks import timed_assertions

CASES = sorted((Path(__file__).parent / "golden" / "clocks").glob("*.txt"))


def _marked(text):
    return [f"case:{number}" for number, line in enumerate(text.splitlines(), start=1) if line.endswith("# found")]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_marked_is_found_and_nothing_else(path):
    text = path.read_text("utf-8")

    assert timed_assertions({"case": text}) == _marked(text)


def test_a_time_is_followed_into_another_module():
    timing = (CASES[0].parent / "flows.txt").read_text("utf-8")
    test = "from tests.timing import used as spent\n\ndef test_it():\n    assert spent(list) < 1\n"

    found = timed_assertions({"tests.timing": timing, "tests.test_it": test})

    assert found[-1] == "tests.test_it:4"


def test_a_program_in_a_text_is_read_as_well():
    text = (CASES[0].parent / "names.txt").read_text("utf-8")

    assert timed_assertions({"case": f"PROGRAM = {text!r}"}) == ["case:1"]
