"""Promises of `pipeline.cli.query_table`; whole renderings are in `tests/golden/query/`."""

import csv
import io
import json
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipeline.cli.query_table import render_csv, render_json_lines, render_table
from pipeline.safe_text import shown_in_cell
from tests.cli.query_goldens import CASES, FOLDER, RENDERERS, rendered
from tests.state.warehouse.examples import open_installation

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.fixture(scope="module")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    installation = open_installation(tmp_path_factory.mktemp("empty"))
    with installation.catalog:
        installation.build()
    return installation.warehouse


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("case", CASES)
def test_an_answer_is_rendered_as_its_golden_file_shows(empty_warehouse, case, kind):
    expected = (FOLDER / f"{case}.{kind}").read_bytes().decode()

    assert rendered(empty_warehouse, case, kind) == expected


def test_every_golden_file_has_its_question():
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES)


texts = st.text(st.characters(codec="utf-8"), max_size=30)
tables = st.integers(1, 6).flatmap(
    lambda width: st.tuples(
        st.lists(texts, min_size=width, max_size=width, unique=True),
        st.lists(st.lists(st.none() | texts | st.integers(), min_size=width, max_size=width), max_size=4),
    )
)


def test_first_columns_are_kept_whole_and_others_left_out_before_they_say_nothing():
    columns, rows = ("id", "title", "state"), [("b0a1b2c3d4e5f.12", "a title that is long", "needs_review")]

    narrow, wide = render_table(columns, rows, 42, whole=1, least=10), render_table(columns, rows, 30, whole=1)

    assert "│ b0a1b2c3d4e5f.12 │ a title that is lo… │" in narrow
    assert narrow.splitlines()[-1] == "1 row; 2 of 3 columns fit: name some, or use --json or --csv"
    assert "│ b0a1b2c3d4e5f.12 │ a titl… │" in wide


@given(tables, st.integers(20, 120))
def test_a_table_keeps_to_its_width_and_commands_no_terminal(table, width):
    columns, rows = table

    *lines, footer, end = render_table(columns, rows, width, whole=len(columns) // 2).split("\n")

    assert end == ""
    assert all(cell_len(line) <= width for line in lines)
    assert all(shown_in_cell(line) == line for line in (*lines, footer))


@given(tables)
def test_json_lines_give_back_every_value(table):
    columns, rows = table

    lines = list(render_json_lines(columns, rows))

    assert [list(json.loads(line).values()) for line in lines] == rows
    assert {letter for line in lines for letter in line[:-1] if category(letter) in UNSAFE} <= {"\u200d"}


@given(tables)
def test_csv_gives_back_every_text(table):
    columns, rows = table

    text = "".join(render_csv(columns, rows))

    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [row or [""] for row in read] == [columns, *([str("" if v is None else v) for v in row] for row in rows)]


def test_a_table_of_all_rows_can_be_asked_for():
    table = render_table(["n"], [(number,) for number in range(150)], max_rows=None)

    assert table.splitlines()[-1] == "150 rows"
