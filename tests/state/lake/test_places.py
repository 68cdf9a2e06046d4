"""Files of versions that named a row by its line are read as before: what was one row stays one."""

import json

import pyarrow.parquet as pq
import pytest

from pipeline.dataset.profiles.found import some_findings
from pipeline.dataset.profiles.merge import all_findings
from pipeline.errors import LakeError
from pipeline.state.lake import LocalLake
from pipeline.state.warehouse.views import create_views
from pipeline.trainers.dataset_rows import dataset_rows
from pipeline.training.splitting import read_split
from tests.state.lake.examples import publish
from tests.training.jobs.datasets import PLAIN, encoded

TABLES = ("conversations", "turns", "splits", "findings")


def made_older(lake, dataset_id):
    """Take the column away that older versions did not write."""
    for table in TABLES:
        with lake.fetch(table, dataset_id) as path:
            pq.write_table(pq.read_table(path).drop_columns(["row"]), path)


@pytest.fixture
def lake(tmp_path):
    return LocalLake(tmp_path / "lake")


def test_rows_of_an_older_file_have_their_lines_and_their_side(lake):
    for dataset_id in ("old", "new"):
        publish(lake, dataset_id, b"\n" + encoded(PLAIN))
    made_older(lake, "old")

    assert read_split(lake, "old") == read_split(lake, "new")
    with dataset_rows(lake, "old") as old, dataset_rows(lake, "new") as new:
        assert list(old.read()) == list(new.read())


def test_findings_of_an_older_file_are_of_their_line(lake):
    for dataset_id in ("old", "new"):
        publish(lake, dataset_id, b"\n" + encoded([*PLAIN[:3], 7, PLAIN[0]]))
    made_older(lake, "old")

    with lake.fetch("findings", "old") as old, lake.fetch("findings", "new") as new:
        assert list(all_findings(old)) == list(all_findings(new))
        assert some_findings(old, None, 1, 2) == some_findings(new, None, 1, 2)


def test_an_older_array_whose_rows_shared_a_line_asks_to_be_validated_again(lake):
    publish(lake, "old", json.dumps(PLAIN).encode())
    made_older(lake, "old")

    with (
        dataset_rows(lake, "old") as rows,
        pytest.raises(LakeError, match="expected turns of row 1, found none; validate the dataset again"),
    ):
        list(rows.read())


@pytest.mark.parametrize("names", [("old",), ("old", "new"), ("new", "old")])
def test_views_take_the_line_for_the_row_of_older_files(lake, names):
    import duckdb

    for dataset_id in names:
        publish(lake, dataset_id, b"\n" + encoded(PLAIN[:2]))
    made_older(lake, "old")
    connection = duckdb.connect()

    create_views(connection, lake, dict.fromkeys((*TABLES, "target_acceptance"), names))

    for table in TABLES:
        rows = connection.execute(f"SELECT dataset_id, row, line FROM {table} ORDER BY ALL").fetchall()
        assert {name for name, _, _ in rows} == set(names)
        assert [row for _, row, _ in rows] == [line for _, _, line in rows]
    assert connection.execute("SELECT DISTINCT typeof(row) FROM turns").fetchall() == [("BIGINT",)]
