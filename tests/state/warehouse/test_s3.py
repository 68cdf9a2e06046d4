"""Promises of the warehouse over a lake on S3, with no extension of DuckDB installed."""

import uuid
from dataclasses import replace

import duckdb
import pytest

from pipeline.errors import LakeError, WarehouseError, WarehouseIncomplete
from pipeline.state.lake import TURNS
from pipeline.state.lake.s3_lake import S3Lake
from tests.state.warehouse.examples import Installation

pytestmark = pytest.mark.needs_s3


@pytest.fixture(scope="module")
def bucket(s3_gateway):
    client = s3_gateway.client()
    yield client, s3_gateway.new_bucket()
    client.close()


@pytest.fixture
def on_s3(installation, bucket, tmp_path) -> Installation:
    return replace(installation, lake=S3Lake(*bucket, prefix=uuid.uuid4().hex, scratch=tmp_path / "scratch"))


def test_it_is_published_without_the_extension(on_s3):
    on_s3.add("d1")
    on_s3.add("d2")
    on_s3.build()
    on_s3.validate("d2", run_id="run-2")

    report = on_s3.build()

    assert report.profiles_read == 1
    assert on_s3.ask("SELECT dataset_id, run_id, turns FROM dataset_profiles") == [
        ("d1", "run-1", 4),
        ("d2", "run-2", 4),
    ]
    uris = [row[0] for row in on_s3.ask("SELECT uri FROM lineage WHERE table_name = 'turns'")]
    assert uris == [on_s3.lake.uri("turns", each) for each in ("d1", "d2")]


def test_an_empty_installation_answers(on_s3):
    on_s3.build()

    assert on_s3.ask("SELECT count(*) FROM turns") == [(0,)]


def test_views_name_the_files_on_s3_and_their_columns(on_s3):
    on_s3.add("d1")
    on_s3.build()

    (definition,) = on_s3.ask("SELECT macro_definition FROM duckdb_functions() WHERE function_name = 'files_of_turns'")
    columns = on_s3.ask("SELECT column_name FROM duckdb_columns() WHERE table_name = 'turns'")

    before, _, after = on_s3.lake.uri("turns", "d1").rpartition("d1")
    assert all(f"'{each}'" in definition[0] for each in (before, "d1", after))
    assert [row[0] for row in columns] == ["dataset_id", *TURNS.names]


def test_a_view_without_the_extension_says_what_to_install(on_s3, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))  # where DuckDB keeps extensions
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # and no way to fetch one
    on_s3.add("d1")
    on_s3.build()

    with pytest.raises(WarehouseError) as failure:
        on_s3.ask("SELECT * FROM turns")

    assert str(failure.value) == (
        "the lake is on S3, and DuckDB reads s3:// with its extension httpfs, which is not installed here and could "
        "not be fetched: run INSTALL httpfs once in DuckDB where there is internet; the tables datasets, "
        "notifications, dataset_profiles and lineage need no extension"
    )


def test_a_view_can_be_pointed_at_copies_of_the_files(on_s3, bucket, tmp_path):
    on_s3.add("d1")
    on_s3.build()
    copy = tmp_path / "dataset_id=d1" / "data.parquet"
    copy.parent.mkdir()
    name, _, key = on_s3.lake.uri("turns", "d1").removeprefix("s3://").partition("/")
    bucket[0].download_file(name, key, str(copy))

    with duckdb.connect(str(on_s3.warehouse), read_only=True) as connection:
        connection.execute(f"SET VARIABLE lake_turns = ['{copy}']")
        rows = connection.execute("SELECT dataset_id, content FROM turns WHERE role = 'assistant'").fetchall()

    assert rows == [("d1", "Hi"), ("d1", "Servus, du")]


def _is_refused(place, error, **chosen):
    before = place.warehouse.read_bytes()
    for _ in range(3):
        with pytest.raises(error) as failure:
            replace(place, **chosen).build()
        assert place.warehouse.read_bytes() == before
    return failure.value


def test_a_bucket_that_is_gone_or_a_wrong_prefix_leaves_the_old_warehouse(on_s3, bucket, tmp_path):
    on_s3.add("d1")
    on_s3.add("d2")
    on_s3.build()

    gone = _is_refused(on_s3, LakeError, lake=S3Lake(bucket[0], "no-such-bucket", scratch=tmp_path / "scratch"))
    mistyped = S3Lake(*bucket, prefix="mistyped", scratch=tmp_path / "scratch")
    wrong = _is_refused(on_s3, WarehouseIncomplete, lake=mistyped)

    assert str(gone).startswith("the lake's bucket no-such-bucket does not exist at")
    assert wrong.lost == ("d1", "d2")
    on_s3.build()
    assert on_s3.ask("SELECT sum(turns) FROM dataset_profiles") == [(8,)]


def test_one_file_gone_or_empty_leaves_the_old_warehouse(on_s3, bucket):
    on_s3.add("d1")
    on_s3.build()
    client, name = bucket
    key = on_s3.lake.uri("turns", "d1").removeprefix(f"s3://{name}/")

    client.put_object(Bucket=name, Key=key, Body=b"")
    empty = _is_refused(on_s3, WarehouseIncomplete)
    client.delete_object(Bucket=name, Key=key)
    gone = _is_refused(on_s3, WarehouseIncomplete)

    assert (empty.lost, gone.lost) == (("d1",), ("d1",))
    assert not on_s3.lake.has("d1")


def test_a_missing_bucket_is_no_lake_without_the_dataset(bucket, tmp_path):
    """Else the reconcile would send every dataset back to validation."""
    lake = S3Lake(bucket[0], "no-such-bucket", scratch=tmp_path)

    with pytest.raises(LakeError) as failure:
        lake.has("d1")

    assert str(failure.value).startswith("the lake's bucket no-such-bucket does not exist at")
