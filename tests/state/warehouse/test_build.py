"""Promises of `pipeline.state.warehouse.build` and `pipeline.state.warehouse.views`."""

import os
from dataclasses import replace

import duckdb
import pytest

from pipeline.errors import WarehouseError, WarehouseIncomplete
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.export import TABLE_NAMES
from pipeline.state.lake import LocalLake
from pipeline.state.warehouse import build_warehouse, catalog_rows, ensure_warehouse, lineage, published_profiles
from pipeline.state.warehouse.history import HISTORY_VIEWS
from pipeline.state.warehouse.lineage import LINEAGE_VIEWS
from pipeline.state.warehouse.views import VIEWS
from tests.state.lake.examples import NOON, ONE_REJECTED_LINE, REFUSED, conversation, jsonl
from tests.state.warehouse.examples import Installation

RELATIONS = {*TABLE_NAMES, "dataset_profiles", "folded_datasets", "lineage", *LINEAGE_VIEWS, *HISTORY_VIEWS, *VIEWS}
EVERYTHING = {name: f"SELECT * FROM {name} ORDER BY ALL" for name in sorted(RELATIONS)}


def columns(installation: Installation) -> list[tuple]:
    return installation.ask(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'warehouse' AND NOT internal ORDER BY ALL"
    )


def contents(installation: Installation) -> dict[str, list[tuple]]:
    return {name: installation.ask(sql) for name, sql in EVERYTHING.items()}


def test_an_empty_installation_has_every_table_and_view_with_no_rows(installation):
    report = installation.build()

    assert {row[0] for row in columns(installation)} == RELATIONS
    assert contents(installation) == {name: [] for name in EVERYTHING}
    assert report.row_counts == dict.fromkeys(RELATIONS, 0)


def test_an_empty_installation_has_the_columns_of_a_full_one(installation):
    installation.build()
    when_empty = columns(installation)
    installation.add("d1")

    installation.build()

    assert columns(installation) == when_empty


def test_views_hold_the_rows_of_validated_datasets_with_their_dataset_first(installation):
    installation.add("d1")
    installation.add("d2", jsonl(conversation("x", "Ja?", "Nein!")))
    installation.build()

    turns = installation.ask("SELECT dataset_id, line, turn_index, role, content FROM turns ORDER BY ALL")
    conversations = installation.ask(
        "SELECT * EXCLUDE (turns_hash, tools, label, media, conversation_annotations, char_count, token_count, "
        "language) FROM conversations ORDER BY ALL"
    )

    assert turns == [
        ("d1", 1, 0, "user", "Hello there"),
        ("d1", 1, 1, "assistant", "Hi"),
        ("d1", 2, 0, "user", "Grüß Gott 🙂"),
        ("d1", 2, 1, "assistant", "Servus, du"),
        ("d2", 1, 0, "user", "Ja?"),
        ("d2", 1, 1, "assistant", "Nein!"),
    ]
    assert conversations == [
        ("d1", 1, 1, 0, "a", 2, 3),
        ("d1", 2, 2, 120, "b", 2, 5),
        ("d2", 1, 1, 0, "x", 2, 2),
    ]


def test_a_rejected_dataset_has_findings_and_no_rows_to_train_on(installation):
    """`SELECT * FROM turns` is what goes into training; why the rest does not is in `findings`."""
    installation.add("d1", ONE_REJECTED_LINE)

    installation.build()

    assert installation.ask("SELECT dataset_id, conversations, status FROM dataset_profiles") == [("d1", 1, "error")]
    for view in ("conversations", "turns", "splits"):
        assert installation.ask(f"SELECT dataset_id FROM {view}") == []
    assert installation.ask("SELECT DISTINCT dataset_id FROM findings WHERE severity = 'error'") == [("d1",)]


def test_the_report_counts_what_the_tables_and_views_hold(installation):
    installation.add("d1")
    installation.add("d2", ONE_REJECTED_LINE)
    installation.add("d3", REFUSED)

    report = installation.build()

    counted = {name: installation.ask(f"SELECT count(*) FROM {name}")[0][0] for name in RELATIONS}
    assert report.row_counts == counted
    assert (counted["dataset_profiles"], counted["lineage"], counted["conversations"]) == (3, 18, 2)
    assert report.size_bytes == installation.warehouse.stat().st_size
    assert (report.path, report.profiles_read, report.datasets) == (installation.warehouse, 3, 3)


def test_catalog_tables_are_copied_with_all_columns(installation):
    installation.add("d1")
    installation.register("d2")
    installation.build()

    rows = installation.ask(
        "SELECT id, user_id, status, total_tokens, validated_at, sample_data FROM datasets ORDER BY id"
    )
    told = installation.ask("SELECT dataset_id, kind, created_at FROM notifications")

    dataset = installation.catalog.get("d1")
    assert [row[:4] for row in rows] == [
        ("d1", "ann", "ready", dataset.total_tokens),
        ("d2", "ann", "validating", None),
    ]
    assert [row[4] for row in rows] == [NOON, None]
    assert rows[0][5] == '[{"messages":[{"role":"user","content":"Grüß Gott 🙂"}]}]'
    assert told == [("d1", "dataset_ready", NOON)]


def test_lineage_leads_from_the_upload_over_its_content_and_run_to_the_files(installation):
    installation.add("d1", run_id="run-7")
    installation.build()

    rows = installation.ask("SELECT * EXCLUDE (content_sha256) FROM lineage")

    assert rows == [
        ("d1", "ann", "uploads/ann/d1.jsonl", "bytes-of-d1", "run-7", "1", table, installation.lake.uri(table, "d1"))
        for table in ("conversations", "findings", "profiles", "splits", "target_acceptance", "turns")
    ]
    assert all(os.path.exists(row[-1]) for row in rows)


def test_superseded_and_deleted_datasets_are_not_in_the_views(installation):
    installation.add("old", path="uploads/ann/same.jsonl")
    installation.add("new", path="uploads/ann/same.jsonl")
    installation.add("deleted")
    installation.catalog.soft_delete("deleted", "ann", NOON)
    installation.build()

    current = [installation.ask(f"SELECT DISTINCT dataset_id FROM {view}") for view in ("conversations", "turns")]
    profiles = installation.ask("SELECT dataset_id, is_current FROM dataset_profiles")

    assert current == [[("new",)], [("new",)]]
    assert profiles == [("deleted", False), ("new", True), ("old", False)]


def test_a_dataset_without_a_verdict_is_not_in_the_views_even_if_its_files_are_there(installation):
    installation.register("d1")
    installation.validate("d1")
    installation.register("d2")
    publish_only(installation, "d2")

    report = installation.build()

    assert installation.ask("SELECT DISTINCT dataset_id FROM turns") == [("d1",)]
    assert report.datasets == 1


def publish_only(installation: Installation, dataset_id: str) -> None:
    from tests.state.lake.examples import publish

    publish(installation.lake, dataset_id)


def test_ids_that_look_like_numbers_or_dates_stay_texts(installation):
    for dataset_id in ("0042", "2026-01-01", "1e3"):
        installation.add(dataset_id)
    installation.build()

    found = installation.ask("SELECT DISTINCT dataset_id FROM turns JOIN datasets ON id = dataset_id ORDER BY 1")

    assert found == [("0042",), ("1e3",), ("2026-01-01",)]


def test_a_folder_with_letters_that_mean_something_in_patterns_and_sql_works(installation, tmp_path):
    odd = Installation(installation.catalog, LocalLake(tmp_path / "d[a]ta 'x'=* ? é"), tmp_path / "o'dd.duckdb")
    odd.add("d1")

    odd.build()

    assert odd.ask("SELECT count(*) FROM turns") == [(4,)]


def test_a_file_that_is_made_in_pieces_is_the_same_and_holds_few_profiles_at_a_time(
    installation, tmp_path, monkeypatch
):
    """Memory does not grow with the number of datasets: neither by what is read, nor by what is not committed yet."""
    for number in range(5):
        installation.add(f"d{number}")
    installation.build()
    read, settled = [], []
    reads, settles = LocalLake.read_profiles, catalog_rows.settle
    monkeypatch.setattr(LocalLake, "read_profiles", lambda lake, ids: read.append(list(ids)) or reads(lake, read[-1]))
    for module in (published_profiles, lineage):
        monkeypatch.setattr(module, "_AT_ONCE", 2)
    monkeypatch.setattr(catalog_rows, "settle", lambda connection: settled.append(1) or settles(connection))
    pieces = Installation(installation.catalog, installation.lake, tmp_path / "pieces.duckdb")

    first = pieces.build()
    anew = build_warehouse(pieces.warehouse, pieces.catalog, pieces.lake, NOON, is_full=True)

    assert read == [["d0", "d1"], ["d2", "d3"], ["d4"]]
    assert (first.profiles_read, anew.profiles_read, len(settled)) == (5, 0, 6)
    for table in ("dataset_profiles", "lineage", "datasets"):
        rows = f"SELECT * FROM {table} ORDER BY ALL"
        assert pieces.ask(rows) == installation.ask(rows)


def test_the_next_publication_reads_only_the_profiles_that_are_new(installation):
    installation.add("d1")
    installation.add("d2")
    installation.build()
    installation.validate("d2", run_id="run-2")
    installation.add("d3")

    report = installation.build()

    assert report.profiles_read == 2
    runs = installation.ask("SELECT dataset_id, run_id FROM dataset_profiles")
    assert runs == [("d1", "run-1"), ("d2", "run-2"), ("d3", "run-1")]


def test_a_deletion_shows_although_no_profile_is_read(installation):
    installation.add("d1")
    installation.build()
    installation.catalog.soft_delete("d1", "ann", NOON)

    report = installation.build()

    assert report.profiles_read == 0
    assert installation.ask("SELECT is_current FROM dataset_profiles") == [(False,)]
    assert installation.ask("SELECT * FROM turns") == []


def test_the_warehouse_is_the_same_when_it_is_rebuilt_from_catalog_and_lake_alone(installation):
    for dataset_id, data in (("d1", ONE_REJECTED_LINE), ("d2", REFUSED), ("d3", b"")):
        installation.add(dataset_id, data)
        installation.build()
    grown = contents(installation)
    installation.warehouse.unlink()

    report = installation.build()

    assert report.profiles_read == 3
    assert contents(installation) == grown


@pytest.mark.parametrize("kind", ["garbage", "empty", "another version"])
def test_a_file_that_is_no_warehouse_of_ours_is_replaced(installation, kind):
    installation.add("d1")
    if kind == "garbage":
        installation.warehouse.write_bytes(b"garbage" * 10_000)
    elif kind == "empty":
        installation.warehouse.write_bytes(b"")
    else:
        with duckdb.connect(str(installation.warehouse)) as connection:
            connection.execute("CREATE TABLE dataset_profiles (dataset_id VARCHAR, lake_version VARCHAR)")

    report = installation.build()

    assert report.profiles_read == 1
    assert installation.ask("SELECT count(*) FROM turns") == [(4,)]


def test_a_profile_that_cannot_be_read_leaves_the_warehouse_as_it_was(installation, tmp_path):
    """It counts as missing: whoever publishes sends its dataset back to validation."""
    installation.add("d1")
    installation.build()
    installation.add("d2")
    profile = tmp_path / "lake" / "profiles" / "dataset_id=d2" / "data.parquet"
    profile.write_bytes(b"broken" * 100)

    with pytest.raises(WarehouseIncomplete) as failure:
        installation.build()

    assert failure.value.lost == ("d2",)
    assert installation.ask("SELECT id FROM datasets") == [("d1",)]
    assert [name for name in os.listdir(tmp_path) if "building" in name] == []


def test_a_folder_that_cannot_be_made_is_said(installation, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file" / "folder" / "warehouse.duckdb"

    with pytest.raises(WarehouseError) as failure:
        replace(installation, warehouse=path).build()

    assert str(failure.value) == (
        f"cannot publish {path}: Not a directory; check the folder's space and permissions, and LORA_WAREHOUSE"
    )


def test_a_missing_warehouse_is_built_and_one_that_is_there_is_kept(installation):
    first = ensure_warehouse(installation.warehouse, installation.catalog, installation.lake, NOON)
    second = ensure_warehouse(installation.warehouse, installation.catalog, installation.lake, NOON)

    assert (first.row_counts["datasets"], second) == (0, None)


def test_a_relative_path_and_lake_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Catalog.open("sqlite:///catalog.db") as catalog:
        here = Installation(catalog, LocalLake(tmp_path / "lake"), tmp_path / "w.duckdb")
        here.add("d1")
        build_warehouse(here.warehouse.relative_to(tmp_path), catalog, here.lake, NOON)
    monkeypatch.chdir("/")

    assert here.ask("SELECT count(*) FROM conversations") == [(2,)]
