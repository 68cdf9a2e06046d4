"""An answer that loops is told with the length of a round and their number; lists, tables and matrices do not loop."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.dataset.rules.planting import codes, found


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a" * 300, "the same character 300 times in a row from character 1"),
        ("!" * 300, "the same character 300 times in a row from character 1"),
        ("哈" * 100, "the same character 100 times in a row from character 1"),
        ("😂" * 100, "the same character 100 times in a row from character 1"),
        ("I am a model. " * 20, "the same 14 characters 20 times in a row from character 1"),
        ("Yes, gladly.\n" + "so it goes on, " * 30, "the same 15 characters 30 times in a row from character 14"),
        ("Ah né, " * 40 + "and so at last it ended.", "the same 7 characters 40 times in a row from character 1"),
        ("The same line, again.\n" * 12, "the same 22 characters 12 times in a row from character 1"),
    ],
)
def test_a_loop_is_told(text, rest):
    assert found(text) == [("degenerate-repetition", f"expected an answer that goes on, found {rest}")]


def counted(template: str, count: int) -> str:
    return "".join(template.format(number) for number in range(count))


@pytest.mark.parametrize(
    "text",
    [
        "ha " * 20,  # short
        "I am a model. " * 9,
        counted("Item {} costs little.\n", 200),
        "0 0 0 0 0 0 0 0 0 0\n" * 50,
        "[[0.0, 1.0], [0.0, 1.0]],\n" * 50,
        "| --- | --- | --- | --- |\n" * 20,
        "-" * 500,
        "=" * 200 + "\n" + "." * 300,
        " " * 400,
        "═" * 300,
        "def f():\n    return None\n" + counted("    x{0} = load({0})\n", 40),
        "A long answer begins here, and it says many things about many matters; none of them twice.\n"
        + counted("{} is a number. ", 30)
        + "so it goes on, " * 12,  # a loop of less than half
    ],
)
def test_what_only_repeats_its_form_is_not(text):
    assert codes(text) == []


def test_a_question_may_loop():
    assert codes("Repeat after me: " + "yes " * 200, role="user") == []


@given(
    unit=st.lists(st.sampled_from("abcdefghijklmnop é你😂"), min_size=1, unique=True).map("".join),
    more=st.integers(0, 50),
    before=st.text("uvwxyz", max_size=300),
    after=st.text("UVWXYZ", max_size=300),
)
def test_a_loop_of_half_the_answer_is_found_wherever_it_stands(unit, more, before, after):
    assume(unit.strip())
    size = len(unit.encode())
    times = max(10, 240 // size + 1, len(before + after) // size + 1) + more

    assert codes(before + unit * times + after) == ["degenerate-repetition"]
