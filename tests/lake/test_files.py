"""Promises of `pipeline.lake.files`."""

from dataclasses import asdict, replace

import pyarrow.parquet as pq
import pytest

from pipeline.lake import PROFILES
from pipeline.lake.files import lake_files, profile_row
from tests.lake.examples import NOON, ONE_REJECTED_LINE, TWO_CONVERSATIONS, origin, validated


def test_the_row_of_a_profile_is_the_report(local_lake):
    with validated(local_lake, "d1", ONE_REJECTED_LINE) as (profile, files):
        row = pq.ParquetFile(files["profiles"]).read().to_pylist()[0]

    code, count = next(iter(profile.finding_counts.items()))
    assert row == {
        "dataset_id": "d1",
        "user_id": "ann",
        "content_version": "bytes-of-d1",
        "content_sha256": profile.content_sha256,
        "run_id": "run-1",
        "code_version": "1",
        "validated_at": NOON,
        "path": "uploads/ann/d1.jsonl",
        "format": "native",
        "status": "error",
        "bytes": len(ONE_REJECTED_LINE),
        "lines": 2,
        "blank_lines": 0,
        "conversations": 1,
        "rejected_lines": 1,
        "turns": 2,
        "assistant_turns": 1,
        "training_pairs": 2,
        "words": 3,
        "tokens": 4,
        "token_method": "words*1.3",
        "avg_turns_per_conversation": 2.0,
        "avg_tokens_per_turn": 2.0,
        "duplicate_conversation_ids": 0,
        "exact_duplicate_conversations": 0,
        "findings": profile.finding_counts.total(),
        "finding_counts": row["finding_counts"],
        "roles": '{"assistant": 1, "user": 1}',
        "words_per_turn": '{"min": 1, "p50": 1, "p95": 2, "p99": 2, "max": 2}',
        "turns_per_conversation": '{"min": 2, "p50": 2, "p95": 2, "p99": 2, "max": 2}',
    }
    assert f'"{code}": {count}' in row["finding_counts"]


def test_every_figure_of_the_report_is_a_column(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, _):
        report = profile.as_dict("uploads/ann/d1.jsonl")

    # Whether the printed report was cut says nothing about the lake, which has every finding.
    assert set(report) - {"findings_truncated"} <= set(PROFILES.names)


def test_the_row_has_every_column_and_the_origin(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, _):
        row = profile_row(profile, origin("d1"))

    assert list(row) == PROFILES.names
    assert {name: row[name] for name in asdict(origin("d1"))} == asdict(origin("d1"))


def test_a_profile_in_several_parts_is_refused(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, _), local_lake.staging() as folder:
        in_parts = replace(profile, parts=(*profile.parts, folder))

        with pytest.raises(ValueError) as refusal:
            lake_files(in_parts, origin("d1"), folder)

    assert str(refusal.value) == "expected a profile of one part, found 2; join their tables first"
