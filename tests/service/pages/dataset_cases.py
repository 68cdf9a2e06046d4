"""Datasets that tests draw: one of each status and a hostile one; the frame around pages, and its notifications."""

from dataclasses import replace
from datetime import timedelta

from pipeline.contract.values import Quota
from pipeline.service.pages.frame import Frame, notice_lines
from pipeline.state.catalog.dataset_records import Dataset, Notification
from tests.card.cards import HOSTILE_TEXT
from tests.service.pages.attempt_cases import NOW

DAGSTER = "http://127.0.0.1:3000"


def _dataset(name: str, status: str, age: timedelta, **values: object) -> Dataset:
    created = NOW - age
    plain = Dataset(
        id=f"{name.replace('_', '-')}-e519934ed2083da6",
        user_id="ana",
        name=name,
        description=None,
        format=None,
        status=status,
        storage_bucket="",
        storage_path=f"uploads/ana/{name}.jsonl",
        file_name=f"{name}.jsonl",
        file_size=1_234_567,
        total_training_pairs=None,
        total_validation_pairs=None,
        total_tokens=None,
        training_ready=False,
        validated_at=None,
        validation_errors=None,
        sample_data=None,
        avg_turns_per_conversation=None,
        avg_tokens_per_turn=None,
        created_at=created,
        updated_at=created,
        deleted_at=None,
        content_version=None,
        content_sha256=None,
        line_count=None,
        rejected_line_count=None,
        conversation_count=None,
        token_method=None,
        run_id=None,
        observed_version=None,
        superseded_by=None,
        requested_at=None,
        attempt=0,
        failure=None,
    )
    return replace(plain, **values)


UPLOADING = _dataset("night_shift_calls", "uploading", timedelta(seconds=4), file_size=310_000_000)
VALIDATING = _dataset("clinic_intake", "validating", timedelta(seconds=42), file_size=48_200_000)
READY_DATASET = _dataset(
    "everyday_talk",
    "ready",
    timedelta(hours=2),
    description="Small talk in five languages.",
    format="native",
    training_ready=True,
    validated_at=NOW - timedelta(hours=2),
    line_count=3_000,
    rejected_line_count=0,
    conversation_count=3_000,
    total_training_pairs=8_378,
    answers_to_learn=4_189,
    total_tokens=128_044,
    content_sha256="9f" * 32,
)
ERROR = _dataset(
    "broken_lines",
    "error",
    timedelta(days=1, hours=3),
    file_size=778,
    validated_at=NOW - timedelta(days=1),
    line_count=6,
    rejected_line_count=6,
    conversation_count=0,
    validation_errors=[
        {
            "line": 1,
            "offset": 0,
            "code": "malformed-json",
            "severity": "error",
            "path": "$",
            "message": "expected a value, found ] after a comma; remove the comma",
        }
    ],
)
UNREADABLE = _dataset(
    "old_export",
    "error",
    timedelta(days=12),
    line_count=0,
    rejected_line_count=0,
    validation_errors=[
        {
            "line": 1,
            "offset": 0,
            "code": "binary-file",
            "severity": "error",
            "path": "$",
            "message": "expected text, found a ZIP archive; unpack or convert it to JSON Lines (.jsonl) first",
        }
    ],
)
INTERRUPTED = _dataset(
    "warehouse_chats", "validating", timedelta(minutes=9), failure="the lake at s3://lake could not be reached"
)
GIVEN_UP = _dataset(
    "night_shift",
    "failed",
    timedelta(hours=2),
    failure="a fault of this program, not of the file: ValueError in pipeline/dataset/profiles/rows.py:41 (row)",
    attempt=4,
    retry_at=NOW + timedelta(minutes=48),
)
HOSTILE = _dataset(
    HOSTILE_TEXT,
    "error",
    timedelta(days=3),
    id="hostile-1",
    file_name=HOSTILE_TEXT,
    description=HOSTILE_TEXT,
    line_count=2,
    rejected_line_count=1,
    conversation_count=1,
    validation_errors=[{"line": 2, "offset": 20, "code": "malformed-json", "message": HOSTILE_TEXT}],
)
DATASETS = [UPLOADING, VALIDATING, INTERRUPTED, GIVEN_UP, READY_DATASET, ERROR, HOSTILE, UNREADABLE]
COUNTS = {"uploading": 1, "validating": 2, "ready": 1, "error": 3, "failed": 1}
NOTIFICATIONS = [
    Notification(
        3,
        "ana",
        ERROR.id,
        "dataset_error",
        "v",
        "broken_lines has errors",
        "6 of 6 rejected.",
        NOW,
        None,
        0,
        None,
        None,
    ),
    Notification(
        2,
        "ana",
        READY_DATASET.id,
        "dataset_ready",
        "v",
        "everyday_talk is ready",
        "3,000 fine.",
        NOW,
        NOW,
        0,
        None,
        None,
    ),
]
QUOTA = Quota(used_bytes=3_100_000_000, limit_bytes=5_000_000_000, left_bytes=1_900_000_000)
FRAME = Frame("ana", "datasets", 1, notice_lines(NOTIFICATIONS, NOW), DAGSTER, can_sign_out=True)
