"""The page of results: what it shows, and that measuring one benchmark again leaves the others as they are."""

from datetime import date
from pathlib import Path

from tests.benchmarks.benchmark import Benchmark, Measurement, at_least, at_most, noted
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.page import Section, render_section, render_terminal, updated_page
from tests.benchmarks.suite import BENCHMARKS


def _section(name: str, *measurements: Measurement, is_small: bool = False) -> Section:
    benchmark = Benchmark(name, f"What {name} is.", lambda _is_small, _folder: [])
    return Section(benchmark, list(measurements), is_small, "2 cores", date(2026, 11, 22))


def test_a_section_says_what_was_wanted_measured_how_where_and_when():
    """Figures that miss stand out; those of which nothing is asked say so."""
    section = _section("tick", at_most("seconds", 5, 5.25, " s"), at_least("ratio", 10, 12), noted("read", 1))

    assert render_section(section).splitlines() == [
        "## tick",
        "",
        "What tick is.",
        "",
        "| figure | wanted | measured | |",
        "|---|---|---|---|",
        "| seconds | ≤ 5 s | 5.25 s | **missed** |",
        "| ratio | ≥ 10 | 12 | met |",
        "| read | – | 1 | – |",
        "",
        "`python -m tests.benchmarks tick`, 2026-11-22: 2 cores",
    ]
    assert render_terminal(section).splitlines() == [
        "",
        "tick: What tick is.",
        "  seconds: 5.25 s   wanted ≤ 5 s   [MISSED]",
        "  ratio: 12   wanted ≥ 10   [met]",
        "  read: 1   wanted –",
    ]


def test_figures_of_a_try_say_that_they_are_none():
    """Nobody quotes them by mistake."""
    text = render_section(_section("tick", noted("read", 1), is_small=True))

    assert "**Tried with little data: these figures say nothing.**" in text
    assert "`python -m tests.benchmarks tick --small`" in text


def test_a_new_result_takes_the_place_of_the_old_one():
    """Other sections stay, to the letter, and in their order."""
    page = updated_page("", _section("a", noted("x", 1)))
    page = updated_page(page, _section("b", noted("x", 2)))
    again = updated_page(page, _section("a", noted("x", 3)))

    assert again == page.replace("| x | – | 1 |", "| x | – | 3 |")
    assert updated_page(again, _section("a", noted("x", 3))) == again


def test_benchmarks_have_names_of_their_own():
    """A name is what one types."""
    names = [benchmark.name for benchmark in BENCHMARKS]

    assert sorted(set(names)) == sorted(names)


def test_the_machine_is_described_without_a_path():
    """The page is tracked, and nothing tracked names a machine."""
    text = describe_machine()

    assert "cores (" in text
    assert str(Path.home()) not in text
    assert "/" not in text
