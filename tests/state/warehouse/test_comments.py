"""Promises of `pipeline.state.warehouse.comments`."""

from pipeline.dataset.formats.container_names import CONTAINER_NAMES, LINES
from pipeline.state.warehouse.comments import COLUMNS, TABLES


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
    assert described == TABLES | {"datasets": TABLES["datasets"] + published}


def test_every_container_is_named():
    said = COLUMNS["dataset_profiles"]["container"]

    assert [name for name in (LINES, *CONTAINER_NAMES) if name not in said] == []
