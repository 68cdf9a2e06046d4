"""Promises of `pipeline.state.warehouse.nested`."""

import sqlite3
from contextlib import closing

import duckdb
import pytest

from pipeline.state.warehouse import build_warehouse
from pipeline.state.warehouse.comments import COLUMNS
from pipeline.state.warehouse.nested import NESTED, selected_as
from tests.state.lake.examples import NOON
from tests.state.warehouse.examples import Installation


def test_columns_of_a_known_shape_have_its_type_and_their_text_says_so_of_no_other(installation):
    installation.add("d1")
    installation.build()

    kinds = installation.ask(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'warehouse'"
    )

    nested = {(table, name): kind for table, columns in NESTED.items() for name, kind in columns.items()}
    found = {(table, name): kind for table, name, kind in kinds if (table, name) in nested}
    assert {key: _plain(kind) for key, kind in found.items()} == {key: _plain(kind) for key, kind in nested.items()}
    assert [key for key in nested if COLUMNS[key[0]][key[1]].startswith("JSON")] == []
    said = [(table, name) for table in COLUMNS for name, meaning in COLUMNS[table].items() if "JSON: " in meaning]
    assert [(table, name) for table, name, kind in kinds if (table, name) in said and kind != "VARCHAR"] == []


def _plain(kind: str) -> str:
    return kind.replace('"', "").replace(" ", "")


def test_their_values_are_asked_for_as_such_and_as_json_as_before(installation):
    installation.add("d1")
    installation.build()

    [(as_type, as_json)] = installation.ask(
        "SELECT (roles['user'], words_per_turn.p95, len(target_acceptance)), "
        "(roles->>'user', words_per_turn->>'p95', json_array_length(target_acceptance)) FROM dataset_profiles"
    )

    assert [str(each) for each in as_type] == [str(each) for each in as_json]
    assert None not in as_type


@pytest.mark.parametrize("odd", ['"a word"', "[[1]]", '{"a": {"b": 1}}', "7"])
def test_a_value_of_another_shape_keeps_nobody_from_being_published(installation, odd):
    for dataset_id in ("d1", "d2"):
        installation.add(dataset_id)
    with closing(sqlite3.connect(installation.warehouse.with_name("catalog.db"))) as connection, connection:
        connection.execute("UPDATE datasets SET validation_errors = ? WHERE id = 'd1'", [odd])
        connection.execute("UPDATE dataset_events SET finding_counts = ?", [odd])

    installation.build()

    assert installation.ask("SELECT count(*), count(*) FILTER (id = 'd2') FROM datasets") == [(2, 1)]


@pytest.mark.parametrize(
    ("odd", "shown"),
    [('{"10": 5}', {10: 5}), ('{"10": 5, "x": 1}', None), ("[1]", None), ("no JSON", None), (None, None)],
)
def test_a_key_that_is_no_number_keeps_nobody_from_being_published_either(odd, shown):
    value = selected_as("dataset_profiles", "rows_by_tokens", "?::VARCHAR")

    assert duckdb.execute(f"SELECT {value}", [odd]).fetchall() == [(shown,)]


def test_profiles_of_a_warehouse_that_had_text_are_taken_over(installation):
    installation.add("d1")
    installation.build()
    expected = installation.ask("FROM dataset_profiles")
    with closing(duckdb.connect(str(installation.warehouse))) as connection:
        for column in NESTED["dataset_profiles"]:
            connection.execute(f"ALTER TABLE dataset_profiles ALTER {column} TYPE VARCHAR USING to_json({column})")

    report = _made_anew(installation)

    assert (report.profiles_read, installation.ask("FROM dataset_profiles")) == (0, expected)


def _made_anew(installation: Installation):
    return build_warehouse(installation.warehouse, installation.catalog, installation.lake, NOON, is_full=True)
