"""The matrix on a terminal, byte for byte: `golden/` beside it (see `goldens.py`)."""

import pytest
from rich.style import Style

from pipeline.cli.acceptance_text import render_acceptance
from pipeline.trainers.acceptance import Subject, judge_acceptance
from tests.trainers.acceptance.findings import findings_file
from tests.trainers.acceptance.goldens import CASES, FOLDER, TAKES, rendered, takes


@pytest.mark.parametrize("name", CASES)
def test_the_matrix_is_what_it_was(name):
    assert rendered(CASES[name]) == (FOLDER / name).read_text()


@pytest.mark.parametrize("name", TAKES)
def test_a_trainer_takes_what_it_took(name):
    assert takes(name.removesuffix(".takes.txt")) == (FOLDER / name).read_text()


@pytest.mark.parametrize("name", ["clean-80.txt", "faulty-80.txt", "loss-120.txt"])
def test_no_line_is_wider_than_the_terminal(name):
    assert max(map(len, rendered(CASES[name]).splitlines())) <= CASES[name].width


def test_a_verdict_has_its_color(tmp_path):
    subject = Subject(format="openai", conversations=2, rejected_lines=0, size_bytes=1)
    rows = judge_acceptance(subject, findings_file(tmp_path))[:2]

    text = render_acceptance(rows, 80)

    signs = {
        text.plain[span.start]: Style.parse(str(span.style)).color for span in text.spans if span.end - span.start == 1
    }
    assert {sign: color.name for sign, color in signs.items() if color} == {"✗": "red", "✓": "green"}


def test_nothing_judged_is_nothing_shown():
    assert render_acceptance([], 80).plain == ""
