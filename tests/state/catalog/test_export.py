"""Promises of `pipeline.state.catalog.export`."""

import json
from dataclasses import asdict, replace

import pyarrow as pa

from pipeline.state.catalog.export import TABLE_NAMES, export_schema
from tests.state.catalog.examples import LATER, NOON, READY, upload
from tests.state.catalog.statements_seen import statements_seen


def test_the_exported_columns_are_declared():
    moment = pa.timestamp("us", tz="UTC")
    expected = {
        "id": pa.int64(),
        "user_id": pa.string(),
        "dataset_id": pa.string(),
        "kind": pa.string(),
        "dedupe_key": pa.string(),
        "title": pa.string(),
        "message": pa.string(),
        "created_at": moment,
        "read_at": moment,
        "webhook_attempt": pa.int32(),
        "webhook_due_at": moment,
        "webhook_sent_at": moment,
        "job_id": pa.string(),
        "batch_id": pa.string(),
    }

    assert {field.name: field.type for field in export_schema("notifications")} == expected
    datasets = export_schema("datasets")
    chosen = ("file_size", "training_ready", "sample_data", "avg_tokens_per_turn", "validated_at", "attempt")
    assert [datasets.field(name).type for name in chosen] == [
        pa.int64(),
        pa.bool_(),
        pa.string(),
        pa.float64(),
        moment,
        pa.int32(),
    ]


def test_a_table_is_exported_whole(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    catalog.record_verdict(READY, LATER)

    table = pa.Table.from_batches(catalog.export("datasets"), export_schema("datasets"))

    rows = table.to_pylist()
    for row in rows:
        for name in ("validation_errors", "sample_data"):
            row[name] = None if row[name] is None else json.loads(row[name])
    assert rows == [asdict(catalog.get("d1")), asdict(catalog.get("d2"))]


def test_notifications_are_exported_whole(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    catalog.record_verdict(READY, LATER)

    table = pa.Table.from_batches(catalog.export("notifications"), export_schema("notifications"))

    assert table.to_pylist() == [asdict(n) for n in catalog.notifications(None)]


def test_an_empty_table_yields_no_batch(catalog):
    assert [list(catalog.export(name)) for name in TABLE_NAMES] == [[]] * len(TABLE_NAMES)


def test_batches_have_the_asked_size_and_the_declared_schema(catalog):
    catalog.register_uploads([upload(f"d{number}") for number in range(25)], NOON)

    batches = list(catalog.export("datasets", batch_rows=10))

    assert [batch.num_rows for batch in batches] == [10, 10, 5]
    assert all(batch.schema == export_schema("datasets") for batch in batches)


def test_a_snapshot_is_one_moment_over_all_tables(catalog):
    catalog.register_uploads([upload("d1")], NOON)

    with catalog.snapshot() as snapshot:
        catalog.register_uploads([upload("d2")], NOON)
        first = snapshot.export("datasets", batch_rows=1)
        seen = [batch.column("id").to_pylist() for batch in first]
        catalog.record_verdict(READY, LATER)
        told = list(snapshot.export("notifications"))
        again = [batch.column("status").to_pylist() for batch in snapshot.export("datasets")]

    assert (seen, told, again) == ([["d1"]], [], [["validating"]])
    assert sum(batch.num_rows for batch in catalog.export("datasets")) == 2


def test_five_thousand_datasets_are_read_by_one_statement_and_as_text(catalog):
    """JSON goes from the database to the warehouse as it is: parsing it would take longer than all the rest."""
    drops = [upload(f"d{number}") for number in range(5_000)]
    catalog.register_uploads(drops, NOON)
    catalog.record_verdict(replace(READY, sample_data=[{"content": "x" * 1000}] * 3), LATER)

    with statements_seen(catalog._engine) as seen:
        row_counts = [batch.num_rows for batch in catalog.export("datasets")]

    assert row_counts == [1_000] * 5
    [_snapshot, rows] = seen
    assert "CAST(datasets.sample_data AS TEXT)" in rows.text
