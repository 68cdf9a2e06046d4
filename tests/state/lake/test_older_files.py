"""Files of older versions are read as before: a row is named by its line, a finding is its message."""

import json

import pyarrow.parquet as pq
import pytest

from pipeline.card.card_examples import first_examples
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.finding_sentences import fault_of, mismatch_of
from pipeline.dataset.profiles.found import some_findings
from pipeline.dataset.profiles.merge import all_findings
from pipeline.errors import LakeError
from pipeline.state.lake import LocalLake
from pipeline.state.lake.schemas import FORMER_NAMES
from pipeline.state.warehouse.views import create_views
from pipeline.trainers.dataset_rows import dataset_rows
from pipeline.training.splitting import read_split
from tests.state.lake.examples import publish
from tests.training.jobs.datasets import PLAIN, encoded

TABLES = ("conversations", "turns", "splits", "findings")


OLDER_NAMES = {"byte_offset": FORMER_NAMES["byte_offset"]}
PARTS = ["column", "expected", "found", "detail"]


def made_older(lake, dataset_id, unnamed=("row",)):
    """Give its files the columns of an older version. unnamed: what else it did not write."""
    for table in TABLES:
        with lake.fetch(table, dataset_id) as path:
            written = pq.read_table(path)
            gone = [name for name in (*unnamed, *PARTS) if name in written.schema.names]
            older = written.drop_columns(gone)
            pq.write_table(older.rename_columns([OLDER_NAMES.get(name, name) for name in older.schema.names]), path)


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
        assert list(all_findings(old)) == [row | dict.fromkeys(PARTS) for row in all_findings(new)]
        assert some_findings(old, None, 1, 2) == [row | dict.fromkeys(PARTS) for row in some_findings(new, None, 1, 2)]


def test_a_finding_of_an_older_file_is_told_by_its_message_and_nothing_is_made_of_it(lake):
    publish(lake, "old", encoded([*PLAIN[:3], {"messages": 7}]) + b"{nope}\n")
    made_older(lake, "old", unnamed=())

    with lake.fetch("findings", "old") as path:
        found = [FindingRecord.of(row) for row in all_findings(path) if row["severity"] == "error"]
        examples = first_examples(path, {"wrong-type": 1, "malformed-json": 1})

    assert [(each.line, each.code, fault_of(each)) for each in found] == [
        (4, "wrong-type", "expected an array, found a number; write the value with the expected type"),
        (
            5,
            "malformed-json",
            "expected one JSON value, found a fault at column 2: object keys must be strings; "
            "write the line with a JSON library, one object a line",
        ),
    ]
    assert [each.message for each in found] == [fault_of(each) for each in found]
    assert {mismatch_of(each) for each in found} == {None}
    assert [each for each in examples if each.severity == "error"] == found


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

    shown = "'a reason' AS format_why, 'ready' AS status, true AS is_current"
    connection.execute(f"CREATE TABLE dataset_profiles AS SELECT unnest(?) AS dataset_id, {shown}", [list(names)])
    connection.execute("CREATE TABLE folded_datasets (fold_id VARCHAR, dataset_id VARCHAR, is_shown BOOLEAN)")
    create_views(connection, lake)

    for table in TABLES:
        rows = connection.execute(f"SELECT dataset_id, row, line FROM {table} ORDER BY ALL").fetchall()
        assert {name for name, _, _ in rows} == set(names)
        assert [row for _, row, _ in rows] == [line for _, _, line in rows]
    for table in ("conversations", "findings"):
        nowhere = connection.execute(f"SELECT count(*) FROM {table} WHERE byte_offset IS NULL").fetchall()
        assert nowhere == [(0,)]
    older = "SELECT count(found), count(message) = count(*) FROM findings WHERE dataset_id = 'old'"
    assert connection.execute(older).fetchall() == [(0, True)]
    assert connection.execute("SELECT DISTINCT typeof(row) FROM turns").fetchall() == [("BIGINT",)]
