"""The same way of an upload, with each place on its server: uploads and lake on S3, the catalog on PostgreSQL."""

import pytest

from tests.installation import bad_file, valid_file

A, B = valid_file(10, seed=1), valid_file(20, seed=2)


@pytest.fixture
def on_s3(make_installation, s3_gateway, monkeypatch):
    """An installation whose uploads and lake are in a bucket; `put(name, content)` uploads as any S3 client does."""
    for name, value in s3_gateway.environment.items():
        monkeypatch.setenv(name, value)
    bucket = s3_gateway.new_bucket()
    client = s3_gateway.client()
    installation = make_installation(
        store=f"s3://{bucket}/in", lake=f"s3://{bucket}/lake", s3_endpoint_url=s3_gateway.endpoint_url
    )
    installation.bucket = bucket
    installation.put = lambda name, content: client.put_object(
        Bucket=bucket, Key=f"in/uploads/ana/{name}", Body=content
    )
    installation.remove = lambda name: client.delete_object(Bucket=bucket, Key=f"in/uploads/ana/{name}")
    yield installation
    client.close()


def _states(installation):
    return [(each.status, each.superseded_by is None, each.conversation_count) for each in installation.datasets()]


@pytest.mark.needs_s3
def test_uploads_and_lake_on_s3(on_s3):
    """Verdicts, materializations with their addresses, and the figures in the warehouse."""
    on_s3.put("good.jsonl", A)
    on_s3.put("bad.jsonl", bad_file(15))

    assert [run.success for run in on_s3.ingest()] == [True]
    assert on_s3.run("publish").success

    assert on_s3.statuses() == {"good": "ready", "bad": "error"}
    good = on_s3.dataset("good")
    assert (good.storage_bucket, good.storage_path) == (on_s3.bucket, "uploads/ana/good.jsonl")
    assert good.content_version.startswith("etag:")
    [event] = on_s3.materializations("conversations")
    assert event.metadata["dagster/uri"].value == (
        f"s3://{on_s3.bucket}/lake/conversations/dataset_id={good.id}/data.parquet"
    )
    assert event.tags["dagster/data_version"] == good.content_sha256
    rows = on_s3.lake.read_profiles([good.id]).to_pylist()
    assert [(row["status"], row["conversations"], row["turns"]) for row in rows] == [("ready", 10, 20)]
    assert on_s3.query("SELECT status, conversations, findings FROM dataset_profiles ORDER BY ALL") == [
        ("error", 2, 15),
        ("ready", 10, 0),
    ]


@pytest.mark.needs_s3
def test_overwritten_deleted_and_returning_objects_on_s3(on_s3):
    """The ETag of bytes that come back is the one they had; they are looked at all the same."""
    on_s3.put("file.jsonl", A)
    tick = on_s3.tick()
    on_s3.remove("file.jsonl")
    on_s3.run("ingest", tick.runs[0])
    assert _states(on_s3) == [("error", True, 0)]

    on_s3.put("file.jsonl", A)
    on_s3.ingest()
    assert _states(on_s3) == [("ready", True, 10)]

    on_s3.put("file.jsonl", B)
    on_s3.ingest()
    assert _states(on_s3) == [("ready", False, 10), ("ready", True, 20)]

    on_s3.put("file.jsonl", A)
    assert on_s3.ingest() == []
    assert _states(on_s3) == [("ready", True, 10), ("ready", False, 20)]


@pytest.mark.needs_s3
def test_reconciliation_on_s3(on_s3):
    """What the lake lost is made again from the upload."""
    on_s3.put("file.jsonl", A)
    on_s3.ingest()
    [dataset_id] = on_s3.partitions
    on_s3.lake._client.delete_object(Bucket=on_s3.bucket, Key=f"lake/profiles/dataset_id={dataset_id}/data.parquet")

    assert on_s3.run("reconcile").success
    on_s3.ingest()

    assert on_s3.lake.has(dataset_id)
    assert on_s3.notices() == [("dataset_ready", "file is ready")]


@pytest.mark.needs_postgres
def test_the_catalog_on_postgresql(make_installation, postgres_url):
    """Verdicts, notifications, attempts and the warehouse from a catalog that several machines can share."""
    installation = make_installation(catalog_url=postgres_url)
    installation.drop("good.jsonl", A)
    installation.drop("bad.jsonl", bad_file(15))
    installation.evaluate("new_uploads")  # and the daemon dies
    installation.forget_requests()

    assert installation.run("reconcile").success
    assert [run.success for run in installation.ingest()] == [True]
    installation.drop("good.jsonl", B)
    installation.ingest()
    assert installation.run("publish").success

    assert installation.statuses() == {"good": "ready", "bad": "error"}
    assert sorted(installation.notices()) == [
        ("dataset_error", "bad has errors"),
        ("dataset_ready", "good is ready"),
        ("dataset_ready", "good is ready"),
    ]
    assert installation.dataset("bad").attempt == 0  # a request that got lost costs none
    assert installation.query(
        "SELECT name, count(*) FROM conversations JOIN datasets ON id = dataset_id GROUP BY ALL ORDER BY ALL"
    ) == [("good", 20)]
