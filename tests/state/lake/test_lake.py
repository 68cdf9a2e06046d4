"""Promises of every lake: `pipeline.state.lake.lake_protocol`."""

import io
import os
from datetime import timedelta

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import LakeError, UsageError
from pipeline.state.lake import PROFILES, PUBLISH_ORDER, SCHEMAS, write_empty
from pipeline.state.lake.lake_protocol import file_key
from pipeline.state.lake.profiles import READ_SCHEMA
from tests.state.lake.examples import NOON, REFUSED, TWO_CONVERSATIONS, conversation, jsonl, publish, validated


def read(lake, table: str, dataset_id: str) -> pa.Table:
    """The rows of one file, wherever it lies."""
    uri = lake.uri(table, dataset_id)
    if not uri.startswith("s3://"):
        return pq.ParquetFile(uri).read()
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return pq.read_table(io.BytesIO(lake._client.get_object(Bucket=bucket, Key=key)["Body"].read()))


def test_a_published_dataset_has_one_file_a_table_with_its_rows(lake):
    with validated(lake, "d1", TWO_CONVERSATIONS) as (_, files):
        rows = {table: pq.ParquetFile(file).read() for table, file in files.items()}
        uris = lake.publish("d1", files)

    assert uris == {table: lake.uri(table, "d1") for table in PUBLISH_ORDER}
    assert all(uri.endswith(f"/{table}/dataset_id=d1/data.parquet") for table, uri in uris.items())
    assert {table: read(lake, table, "d1") for table in PUBLISH_ORDER} == rows
    assert rows["turns"]["content"].to_pylist() == ["Hello there", "Hi", "Grüß Gott 🙂", "Servus, du"]


def test_a_table_is_asked_by_polars_and_one_that_is_not_there_is_said(lake):
    publish(lake, "d1")

    turns = lake.scan("turns", "d1").filter(pl.col("row") == 2).select("content").collect()

    assert turns["content"].to_list() == ["Grüß Gott 🙂", "Servus, du"]
    with pytest.raises(LakeError, match=r"expected turns of d2 at .*, found nothing"):
        lake.scan("turns", "d2")


def test_publishing_again_gives_the_same_rows_in_the_same_places(lake):
    publish(lake, "d1")
    first = {table: read(lake, table, "d1") for table in PUBLISH_ORDER}

    publish(lake, "d1")

    assert {table: read(lake, table, "d1") for table in PUBLISH_ORDER} == first
    assert list(lake.profile_versions()) == ["d1"]


def test_publishing_other_rows_replaces_the_old_ones(lake):
    publish(lake, "d1")

    publish(lake, "d1", jsonl(conversation("only", "Hello", "Hi")))

    assert read(lake, "conversations", "d1")["conversation_id"].to_pylist() == ["only"]


def test_a_refused_file_has_empty_tables_and_its_finding(lake):
    publish(lake, "d1", REFUSED)

    found = {table: read(lake, table, "d1") for table in PUBLISH_ORDER}

    assert {table: rows.num_rows for table, rows in found.items()} == {
        "turns": 0,
        "findings": 1,
        "splits": 0,
        "target_acceptance": 0,
        "conversations": 0,
        "profiles": 1,
    }
    assert all(rows.schema.names == SCHEMAS[table].names for table, rows in found.items())


def test_a_dataset_is_in_the_lake_when_its_profile_is(lake):
    publish(lake, "d1")

    assert (lake.has("d1"), lake.has("d2")) == (True, False)


def test_an_empty_lake_has_nothing(lake):
    assert lake.profile_versions() == {}
    assert lake.read_profiles([]) == READ_SCHEMA.empty_table()
    assert lake.sweep(NOON) == 0


def test_profiles_are_read_in_the_asked_order(lake):
    for dataset_id in ("d1", "d2", "d3"):
        publish(lake, dataset_id)

    profiles = lake.read_profiles(["d3", "d1"])

    assert profiles.schema == READ_SCHEMA
    assert profiles["dataset_id"].to_pylist() == ["d3", "d1"]


def test_a_profile_that_is_published_again_has_another_version(lake):
    publish(lake, "d1")
    publish(lake, "d2")
    before = lake.profile_versions()

    publish(lake, "d1", run_id="run-2")

    after = lake.profile_versions()
    assert before.keys() == after.keys() == {"d1", "d2"}
    assert (before["d1"] == after["d1"], before["d2"] == after["d2"]) == (False, True)


def test_some_datasets_are_looked_for_without_the_others(lake):
    for dataset_id in ("d1", "d2"):
        publish(lake, dataset_id)
    everything = lake.profile_versions()

    assert lake.profile_versions({"d2", "nobodys"}) == {"d2": everything["d2"]}
    assert (lake.holdings("turns", ["d1", "nobodys"]), lake.holdings("turns", [])) == ({"d1"}, set())
    assert lake.holdings("turns") == {"d1", "d2"}


@pytest.mark.parametrize("dataset_id", ["", "a/b", "..\\x", "a b", "x" * 201, "ä", "a\n"])
def test_an_id_that_is_no_folder_name_is_refused(lake, dataset_id):
    with pytest.raises(UsageError) as refusal:
        lake.uri("turns", dataset_id)

    assert str(refusal.value) == (
        f"dataset id: expected 1 to 200 letters, digits or . _ -, found {dataset_id!r}; choose another"
    )


def test_a_dataset_without_a_table_is_refused_before_anything_is_placed(lake, tmp_path):
    files = {"turns": write_empty("turns", tmp_path / "turns.parquet")}

    with pytest.raises(ValueError) as refusal:
        lake.publish("d1", files)

    tables = "turns, findings, splits, target_acceptance, conversations, profiles"
    assert str(refusal.value) == f"expected a file for each of {tables}, found turns"
    assert files["turns"].exists()


def test_staging_is_private_and_gone_afterwards(lake):
    with lake.staging() as first, lake.staging() as second:
        (first / "turns.parquet").write_bytes(b"x")
        assert first != second
        assert list(second.iterdir()) == []

    assert (first.exists(), second.exists()) == (False, False)


def test_staging_is_removed_when_the_work_fails(lake):
    with pytest.raises(ZeroDivisionError), lake.staging() as folder:
        1 / 0  # noqa: B018

    assert not folder.exists()


def test_sweeping_removes_only_what_nobody_wrote_to_for_a_day(lake):
    with lake.staging() as old, lake.staging() as long_running, lake.staging() as young:
        (long_running / "turns.parquet").write_bytes(b"x")
        long_ago_s = (NOON - timedelta(hours=25)).timestamp()
        recently_s = (NOON - timedelta(hours=23)).timestamp()
        for path, modified_s in [
            (old, long_ago_s),
            (long_running, long_ago_s),
            (long_running / "turns.parquet", recently_s),
            (young, recently_s),
        ]:
            os.utime(path, (modified_s, modified_s))

        removed = lake.sweep(NOON)

        assert removed == 1
        assert [folder.exists() for folder in (old, long_running, young)] == [False, True, True]


def test_a_profile_of_an_earlier_version_has_nulls_where_it_has_no_column(lake):
    with validated(lake, "d1", TWO_CONVERSATIONS) as (_, files):
        row = pq.ParquetFile(files["profiles"]).read()
        pq.write_table(row.drop_columns(["findings"]).append_column("gone", pa.array([1])), files["profiles"])
        lake.publish("d1", files)
    publish(lake, "d2")

    profiles = lake.read_profiles(["d1", "d2"])

    assert profiles.schema.names == PROFILES.names
    assert profiles["findings"].to_pylist() == [None, 1]  # a note on short answers


def test_a_broken_profile_is_named(lake):
    publish(lake, "d1")
    with validated(lake, "d2", TWO_CONVERSATIONS) as (_, files):
        files["profiles"].write_bytes(b"not Parquet at all")
        lake.publish("d2", files)

    with pytest.raises(LakeError) as failure:
        lake.read_profiles(["d1", "d2"])

    assert str(failure.value).startswith(f"cannot read {lake.uri('profiles', 'd2')}: ")
    assert str(failure.value).endswith("; validate the dataset again")


def test_a_missing_profile_is_a_lake_error(lake):
    with pytest.raises(LakeError) as failure:
        lake.read_profiles(["d1"])

    assert lake.uri("profiles", "d1") in str(failure.value)


def test_the_place_of_a_file_is_hive_style():
    assert file_key("profiles", "2026-01-01") == "profiles/dataset_id=2026-01-01/data.parquet"
