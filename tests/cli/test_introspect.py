"""`lora-pipeline introspect`: the database's own word about its tables, and where it is not ours.

How each database tells it is in `tests/state/catalog/test_live_catalog.py`; a golden file of a table is with those of
`tests/cli/made_installation.py`.
"""

import json
import sqlite3
from contextlib import closing

import pytest

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.migrate import HEAD
from pipeline.state.catalog.tables import metadata
from tests.cli.goldens import run


@pytest.fixture
def environment(tmp_path):
    Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}").close()
    return {"LORA_DATA_DIR": str(tmp_path), "COLUMNS": "120", "NO_COLOR": "1"}


def test_all_tables_are_told_with_their_rows(environment):
    shown, told = run(["introspect"], environment), run(["introspect", "--json"], environment)

    found = json.loads(told.stdout)
    assert (shown.exit_code, told.exit_code) == (0, 0)
    assert shown.stderr == f"{len(metadata.tables) + 1} tables, revision {HEAD}\n"
    assert {each["name"] for each in found["tables"]} == {*metadata.tables, "alembic_version"}
    assert (found["revision"], found["differences"]) == (HEAD, [])


def test_what_is_not_as_declared_is_a_no(environment, tmp_path):
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.execute("ALTER TABLE looks ADD COLUMN added TEXT")
        connection.execute("DROP TABLE conversation_reviews")

    one, every = run(["introspect", "looks"], environment), run(["introspect"], environment)

    assert (one.exit_code, every.exit_code) == (1, 1)
    assert one.stderr == "1 difference from what this version declares\n"
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in every.stdout.splitlines() if "│" in line]
    assert rows[-2:] == [
        ["conversation_reviews", "table", "one", "none"],
        ["looks", "column added", "none", "TEXT"],
    ]


def test_a_catalog_that_is_behind_is_looked_at_as_it_is(environment, tmp_path):
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0011'")

    assert run(["introspect"], environment).stderr.endswith("tables, revision 0011\n")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("look", "TABLE: expected one of the catalog, found 'look'; did you mean looks?"),
        ("sqlite; drop", "TABLE: expected one of the catalog, found 'sqlite; drop'"),
    ],
)
def test_a_table_that_is_not_there_is_wrong_use(environment, table, sentence):
    result = run(["introspect", table], environment)

    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")


def test_without_a_catalog_none_is_made(tmp_path):
    result = run(["introspect"], {"LORA_DATA_DIR": str(tmp_path)})

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []
