"""Shows results: in the terminal, and as docs/benchmarks.md, where each benchmark has a section of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tests.benchmarks.benchmark import Benchmark, Measurement
from tests.benchmarks.processes import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Measured with `make bench`, which writes this page when told `ARGS=--write`. The inputs are generated and the same each
time; only the figures vary. Each section says on which machine and when it was measured. Nothing asserts on a clock in
the tests: these figures are for people.
"""
_VERDICTS = {True: "met", False: "**missed**", None: "–"}


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's results."""

    benchmark: Benchmark
    measurements: list[Measurement]
    is_small: bool
    machine: str
    day: date


def render_terminal(section: Section) -> str:
    """The results as text."""
    lines = [f"\n{section.benchmark.name}: {section.benchmark.what}"]
    for one in section.measurements:
        verdict = "" if one.is_met is None else f"   [{'met' if one.is_met else 'MISSED'}]"
        lines.append(f"  {one.what}: {one.measured}   wanted {one.wanted}{verdict}")
    return "\n".join(lines)


def render_section(section: Section) -> str:
    """The results as Markdown; the text depends on nothing but the section."""
    rows = [f"| {one.what} | {one.wanted} | {one.measured} | {_VERDICTS[one.is_met]} |" for one in section.measurements]
    return "\n".join(
        [
            f"## {section.benchmark.name}",
            "",
            section.benchmark.what,
            "",
            *(["**Tried with little data: these figures say nothing.**", ""] if section.is_small else []),
            "| figure | wanted | measured | |",
            "|---|---|---|---|",
            *rows,
            "",
            f"`{section.benchmark.command(section.is_small)}`, {section.day.isoformat()}: {section.machine}",
            "",
        ]
    )


def updated_page(page: str, section: Section) -> str:
    """The page with this section in place of the one of that name, or at its end; other sections stay."""
    sections = dict(_sections(page))
    sections[section.benchmark.name] = render_section(section)
    return "\n".join([_HEAD, *sections.values()])


def _sections(page: str) -> Iterator[tuple[str, str]]:
    for text in re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]:
        yield text.splitlines()[0].removeprefix("## "), text.rstrip("\n") + "\n"
