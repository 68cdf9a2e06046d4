"""Uploads and verdicts for tests, with the fields that a test is not about filled in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import AnnouncedUpload, Dataset, NewUpload, Verdict
from pipeline.state.catalog.lookup import read_dataset
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.tries import Patience

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MUCH_LATER = NOON + timedelta(days=1)


def upload(dataset_id: str, *, path: str = "", version: str = "", user_id: str = "ann", name: str = "") -> NewUpload:
    """A dropped file; by default at a path of its own, with bytes of its own."""
    return NewUpload(
        dataset_id=dataset_id,
        user_id=user_id,
        name=name or dataset_id,
        storage_bucket="bucket",
        storage_path=path or f"uploads/{user_id}/{dataset_id}.jsonl",
        file_name=f"{name or dataset_id}.jsonl",
        file_size=5_000_000_000,
        content_version=version or f"bytes-of-{dataset_id}",
        observed_version=f"seen-{version or dataset_id}",
    )


def start_upload(
    catalog: Catalog,
    dataset_id: str,
    *,
    path: str = "",
    user_id: str = "ann",
    file_size: int = 100,
    quota_bytes: int = 0,
    now: datetime = NOON,
    file_name: str = "train.jsonl",
    mapping: str | None = None,
) -> Dataset:
    """An upload through the service, announced and not confirmed."""
    place = path or f"uploads/{user_id}/{dataset_id}/{file_name}"
    announced = AnnouncedUpload(dataset_id, dataset_id, "bucket", place, file_name, file_size, mapping=mapping)
    return catalog.create_upload(announced, user_id, now, quota_bytes)


PATIENCE = Patience(max_attempts=3, pauses_s=(60, 300, 1800, 3600))


READY = Verdict(
    dataset_id="d1",
    content_version="bytes-of-d1",
    status="ready",
    format="messages",
    total_training_pairs=6_000_000_000,
    total_validation_pairs=None,
    total_tokens=7_000_000_000,
    token_method="words",
    avg_turns_per_conversation=2.5,
    avg_tokens_per_turn=11.25,
    line_count=6_000_000_001,
    rejected_line_count=1,
    conversation_count=6_000_000_000,
    content_sha256="ab12",
    answers_to_learn=5_000_000_000,
    validation_errors=[{"code": "empty_line", "line": 7}],
    sample_data=[{"messages": [{"role": "user", "content": "Grüß Gott 🙂"}]}],
    run_id="run-1",
    title="d1 is ready",
    message="All is well.",
)
REJECTED = replace(READY, status="error", title="d1 has errors", message="Line 7 is not JSON.", run_id="run-2")


def tell(catalog: Catalog, dataset_id: str, notice: Notice, now: datetime) -> bool:
    """Tell the dataset's owner, as a verdict or a failure does in a transaction of its own."""
    with catalog._writing() as connection:
        return send(connection, dataset_id, read_dataset(connection, dataset_id).user_id, notice, now)
