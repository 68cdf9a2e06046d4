"""Promises of `pipeline.state.warehouse.user_query`."""

import os

import pytest

from pipeline.errors import QueryError, WarehouseError
from pipeline.state.warehouse import open_query, query
from pipeline.state.warehouse.comments import TABLES
from tests.state.warehouse.examples import open_installation


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of one installation: questions change nothing, as each test that could be wrong about it sees."""
    folder = tmp_path_factory.mktemp("asked")
    installation = open_installation(folder)
    with installation.catalog:
        installation.add("d1")
        installation.build()
    (folder / "aside").mkdir()
    (folder / "aside" / "secret.csv").write_text("a,b\nsecret,2\n")
    return folder


@pytest.fixture
def warehouse(folder):
    return folder / "warehouse.duckdb"


def test_an_answer_has_columns_and_rows_of_python_values(warehouse):
    answer = query(
        warehouse, "SELECT dataset_id, sum(turn_count) AS turns, NULL AS nothing FROM conversations GROUP BY 1"
    )

    assert answer == (("dataset_id", "turns", "nothing"), [("d1", 4, None)])


def test_wrong_sql_is_refused_with_its_place(warehouse):
    with pytest.raises(QueryError) as refusal:
        query(warehouse, "SELECT dataset_id,\n       tokenz FROM dataset_profiles")

    message = str(refusal.value)
    assert message.startswith('Binder Error: Referenced column "tokenz" not found in FROM clause!')
    assert "LINE 2:        tokenz FROM dataset_profiles\n               ^^^^^^" in message


def test_a_syntax_error_points_at_the_word(warehouse):
    with pytest.raises(QueryError) as refusal:
        query(warehouse, "SELEC 1")

    assert str(refusal.value) == 'Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n        ^^^^^'


def test_an_error_at_a_later_row_is_a_query_error_too(warehouse):
    sql = "SELECT CASE WHEN range > 50000 THEN error('too far') ELSE range END FROM range(100000)"

    with pytest.raises(QueryError) as refusal, open_query(warehouse, sql) as answer:
        list(answer.rows)

    assert "too far" in str(refusal.value)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO notifications SELECT * FROM notifications",
        "DELETE FROM datasets",
        "DROP TABLE lineage",
        "CREATE TABLE mine (i INTEGER)",
        "CREATE OR REPLACE VIEW turns AS SELECT 1",
    ],
)
def test_writes_are_refused(warehouse, sql):
    before = warehouse.read_bytes()

    with pytest.raises(QueryError) as refusal:
        query(warehouse, sql)

    assert str(refusal.value).endswith(
        "\n\nThe warehouse is for reading; what it holds comes from the catalog and the lake."
    )
    assert warehouse.read_bytes() == before


def test_reading_leaves_nothing_behind(warehouse, folder):
    before = sorted(os.listdir(folder))

    query(warehouse, "SELECT * FROM turns ORDER BY content")

    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize("sql", ["", " ;", "-- nothing but a comment"])
def test_no_statement_is_a_query_error(warehouse, sql):
    with pytest.raises(QueryError) as refusal:
        query(warehouse, sql)

    assert str(refusal.value) == "expected an SQL statement, found none; try: SELECT * FROM datasets"


def test_a_question_whose_rows_nobody_would_see_is_refused(warehouse):
    with pytest.raises(QueryError) as error:
        query(warehouse, "SELECT 1; SET VARIABLE a = 1; SELECT 2")

    assert str(error.value) == "expected one question, found 2 with a semicolon between them: ask one at a time"


def test_what_a_question_needs_may_come_before_it(warehouse):
    sql = (
        "SET VARIABLE a = 1; CREATE TEMP TABLE temp.small AS SELECT getvariable('a') AS a; "
        "INSERT INTO temp.small VALUES (2); FROM temp.small;"
    )

    assert query(warehouse, sql) == (("a",), [(1,), (2,)])


def test_names_that_repeat_are_numbered(warehouse):
    columns, rows = query(warehouse, "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a")

    assert (columns, rows) == (("a", "a_2", "a_2_2", "a_3"), [(1, 2, 3, 4)])


def test_a_name_that_is_no_table_finds_no_variable_of_the_program(warehouse):
    with pytest.raises(QueryError) as refusal:
        query(warehouse, "SELECT * FROM rows")

    assert str(refusal.value).startswith("Catalog Error: Table with name rows does not exist!")


def test_describing_and_listing_work(warehouse):
    shown = query(warehouse, "SHOW TABLES")[1]
    described = query(warehouse, "DESCRIBE turns")[1]

    assert shown == [(name,) for name in sorted(TABLES)]
    assert [row[:2] for row in described][:3] == [
        ("dataset_id", "VARCHAR"),
        ("row", "BIGINT"),
        ("line", "BIGINT"),
    ]


def test_times_are_in_utc(warehouse, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    rows = query(warehouse, "SELECT validated_at::VARCHAR FROM datasets")[1]

    assert rows == [("2026-03-01 12:00:00.123456+00",)]


def test_a_missing_warehouse_is_said(tmp_path):
    with pytest.raises(WarehouseError) as failure:
        query(tmp_path / "warehouse.duckdb", "SELECT 1")

    assert str(failure.value) == (
        f"expected the warehouse at {tmp_path}/warehouse.duckdb, found nothing: publish it first"
    )


def test_a_file_that_is_no_warehouse_is_said(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"no database" * 1_000)

    with pytest.raises(WarehouseError) as failure:
        query(path, "SELECT 1")

    assert str(failure.value).startswith(f"cannot open the warehouse {path}: ")
    assert str(failure.value).endswith("; remove it and ask again, which makes it anew")


def test_a_warehouse_that_is_damaged_is_no_fault_of_the_question(warehouse, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    content = bytearray(warehouse.read_bytes())
    content[274_432 + 100 : 274_432 + 200] = bytes(100)  # the second of DuckDB's blocks
    path.write_bytes(content)

    tables = query(path, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary")[1]
    asked = " UNION ALL ".join(f"SELECT hash(t) FROM {table} AS t" for (table,) in tables)

    with pytest.raises(WarehouseError) as failure:
        query(path, asked)

    assert str(failure.value).startswith(f"the warehouse {path} is damaged: ")


_NOTHING_ELSE = (
    "`query` reads the warehouse and the lake's files, and nothing else: write answers with --csv or --json, and for "
    "more open {path} in DuckDB itself"
)
# {aside}: a folder beside the lake, {lake}: the lake itself; what is written there would be as bad.
_REFUSED = {
    "COPY": [
        "COPY datasets TO '{aside}/x.csv'",
        "COPY (SELECT 1) TO '{lake}/x.parquet'",
        "COPY (SELECT 1) TO '{lake}/turns/dataset_id=d1/data.parquet'",
        "copy datasets from '{aside}/secret.csv'",
        "SELECT 1; COPY datasets TO '{aside}/x.csv'",
        "/* a question */ COPY datasets TO '{aside}/x.csv'",
    ],
    "ATTACH": [
        "ATTACH '{aside}/other.duckdb' AS other",
        "ATTACH ':memory:' AS other",
        "ATTACH '{lake}/x.duckdb' AS other",
        "ATTACH '{catalog}' AS catalog (TYPE sqlite)",
    ],
    "DETACH": ["DETACH warehouse"],
    "INSTALL": ["INSTALL httpfs"],
    "LOAD": ["LOAD httpfs"],
    "SET": ["SET threads = 1", "SET enable_external_access = true", "SET lock_configuration = false"],
    "RESET": ["RESET enable_external_access"],
    "PRAGMA": ["PRAGMA threads = 1", "PRAGMA database_list"],
    "EXPORT": ["EXPORT DATABASE '{aside}/all'", "EXPORT DATABASE '{lake}/all'"],
    "IMPORT": ["IMPORT DATABASE '{aside}'"],
    "CALL": ["CALL enable_logging(storage = 'file')"],
    "CHECKPOINT": ["CHECKPOINT"],
    "VACUUM": ["VACUUM"],
    "PREPARE": ["PREPARE p AS COPY datasets TO '{lake}/x.csv'"],
    "EXPLAIN": ["EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/x.csv'", "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{lake}/x'"],
    "BEGIN": ["BEGIN"],
}
_UNREADABLE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('{aside}/secret.csv')",
    "SELECT * FROM '{aside}/secret.csv'",
    "SELECT * FROM read_text('{lake}/../aside/secret.csv')",
    "SELECT * FROM read_blob('{aside}/*')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_parquet('s3://another-bucket/x.parquet')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "SET VARIABLE lake_turns = ['{aside}/secret.csv']; SELECT * FROM read_text(getvariable('lake_turns'))",
    "CREATE TEMP VIEW temp.v AS SELECT * FROM read_text('{aside}/secret.csv'); SELECT * FROM temp.v",
    "SELECT getenv('HOME')",
]


@pytest.fixture
def places(folder):
    """Where a question could reach to, by the names in the tables above; and a way to see that nothing changed."""
    names = {"aside": folder / "aside", "lake": folder / "lake", "catalog": folder / "catalog.db"}
    return names, lambda: {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("word", "sql"), [(word, sql) for word, listed in _REFUSED.items() for sql in listed])
def test_a_statement_that_does_not_ask_is_refused_in_one_sentence(warehouse, places, word, sql):
    names, files = places
    before = files()

    with pytest.raises(QueryError) as refusal:
        query(warehouse, sql.format(**names))

    assert str(refusal.value).endswith(_NOTHING_ELSE.format(path=warehouse))
    assert "\n" not in str(refusal.value)
    if not sql.startswith("/*"):
        assert str(refusal.value).startswith(f"expected a question, found {word}; ")
    assert files() == before


@pytest.mark.parametrize("sql", _UNREADABLE)
def test_no_file_is_read_but_the_lakes(warehouse, places, sql):
    names, files = places
    before = files()

    with pytest.raises(QueryError) as refusal:
        query(warehouse, sql.format(**names))

    assert "secret,2" not in str(refusal.value)
    if "getenv" not in sql and " FROM '" not in sql:
        assert str(refusal.value).startswith("Cannot access file ")
        assert str(refusal.value).endswith(_NOTHING_ELSE.format(path=warehouse))
    assert files() == before


def test_what_lies_in_the_lake_can_be_asked(warehouse, places):
    names, _ = places

    counted = query(warehouse, f"SELECT count(*) FROM read_parquet('{names['lake']}/turns/*/data.parquet')")[1]
    explained = query(warehouse, "EXPLAIN ANALYZE SELECT count(*) FROM turns")[0]

    assert (counted, explained) == ([(4,)], ("explain_key", "explain_value"))


def test_a_question_too_large_for_memory_still_spills(warehouse):
    rows = query(warehouse, "SELECT count(*) FROM (SELECT range AS r FROM range(2_000_000) ORDER BY hash(range))")[1]

    assert rows == [(2_000_000,)]


def test_an_empty_warehouse_opens_no_file_at_all(installation):
    installation.build()

    with pytest.raises(QueryError):
        query(installation.warehouse, "SELECT * FROM read_csv('/etc/passwd')")
