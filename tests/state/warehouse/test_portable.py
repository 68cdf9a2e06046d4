"""Promises of `pipeline.state.warehouse.portable` and its command: one file, whole, that needs nothing beside it."""

import shutil

import duckdb
import pytest

from pipeline.errors import UsageError, WarehouseError
from pipeline.state.warehouse.portable import write_portable
from tests.cli.goldens import run
from tests.state.catalog.job_examples import ESTIMATE, JOB
from tests.state.lake.examples import NOON, ONE_REJECTED_LINE
from tests.state.warehouse.test_build import EVERYTHING

COMMENTS = """
SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()
ORDER BY ALL
"""


@pytest.fixture
def filled(installation):
    installation.add("d1")
    installation.add("d2", ONE_REJECTED_LINE)
    installation.catalog.create_job(JOB, ESTIMATE, NOON)
    installation.build()
    return installation


def test_it_is_read_elsewhere_with_the_lake_gone_as_it_was_published(filled, tmp_path):
    published = {name: filled.ask(sql) for name, sql in EVERYTHING.items()}
    comments = filled.ask(COMMENTS)

    done = write_portable(filled.warehouse, tmp_path / "copy.duckdb")

    (elsewhere := tmp_path / "elsewhere").mkdir()
    shutil.move(done.path, elsewhere / "other name.duckdb")
    for gone in ("lake", "warehouse.duckdb"):
        (shutil.rmtree if gone == "lake" else lambda path: path.unlink())(tmp_path / gone)
    with duckdb.connect(str(elsewhere / "other name.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = {name: connection.execute(sql).fetchall() for name, sql in EVERYTHING.items()}
        assert found == published
        assert connection.execute(COMMENTS).fetchall() == comments
    assert (done.row_counts["turns"], done.row_counts["findings"]) == (4, len(published["findings"]))


def test_a_lake_that_is_away_leaves_nothing_behind(filled, tmp_path):
    shutil.move(tmp_path / "lake", tmp_path / "away")

    with pytest.raises(WarehouseError, match="see that the lake is there, and publish the warehouse again"):
        write_portable(filled.warehouse, tmp_path / "copy.duckdb")

    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_the_published_file_is_never_replaced_by_its_copy(filled):
    with pytest.raises(UsageError, match="which stays as it is; choose another name"):
        write_portable(filled.warehouse, filled.warehouse)


def test_the_command_says_what_it_wrote_or_what_to_do(filled, tmp_path):
    environment = {"LORA_DATA_DIR": str(tmp_path)}

    done = run(["export", "--portable", str(tmp_path / "copy.duckdb")], environment)
    wrong = run(["export", "--portable", str(tmp_path / "no" / "copy.duckdb")], environment)

    assert (done.exit_code, done.stdout.partition(" rows of ")[0].isdigit()) == (0, True)
    assert done.stderr == f"open it: duckdb -readonly {tmp_path / 'copy.duckdb'}\n"
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        f"error: --portable: there is no folder {tmp_path / 'no'}; make it first\n",
    )
