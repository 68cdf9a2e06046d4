"""Promises of `pipeline.state.warehouse.comments`."""

from pipeline.dataset.formats.container_names import CONTAINER_NAMES, LINES
from pipeline.state.catalog.export import TABLE_NAMES
from pipeline.state.catalog.tables import metadata
from pipeline.state.warehouse.comments import COLUMNS, KEYS, TABLES, table_comment


def test_every_column_of_every_table_and_view_has_a_comment(installation):
    installation.build()

    described = installation.ask(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE database_name = 'warehouse' AND NOT internal ORDER BY table_name, column_index"
    )

    expected = [(table, name, text) for table in sorted(COLUMNS) for name, text in COLUMNS[table].items()]
    assert described == expected


def test_tables_say_what_they_hold_and_when_they_were_published(installation):
    installation.build()

    described = dict(
        installation.ask(
            "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'warehouse' UNION ALL "
            "SELECT view_name, comment FROM duckdb_views() WHERE database_name = 'warehouse' AND NOT internal"
        )
    )

    published = " Published 2026-03-01 12:00:00 UTC."
    assert described == {table: table_comment(table) + (published if table == "datasets" else "") for table in TABLES}
    assert described["turns"].endswith("with its text. Key: dataset_id, row, turn_index.")


def test_what_is_said_to_name_a_row_does(installation):
    for dataset_id in ("d1", "d2"):
        installation.add(dataset_id)
    installation.build()

    for table, key in KEYS.items():
        [(rows, names)] = installation.ask(f"SELECT count(*), count(DISTINCT ({', '.join(key)})) FROM {table}")
        assert (table, rows) == (table, names)


def test_a_column_that_refers_to_a_table_says_to_which():
    references = [key for name in TABLE_NAMES for key in metadata.tables[name].foreign_keys]

    assert [
        f"{key.parent} -> {key.target_fullname}"
        for key in references
        if key.target_fullname not in COLUMNS[key.parent.table.name][key.parent.name]
    ] == []


def test_every_container_is_named():
    said = COLUMNS["dataset_profiles"]["container"]

    assert [name for name in (LINES, *CONTAINER_NAMES) if name not in said] == []
