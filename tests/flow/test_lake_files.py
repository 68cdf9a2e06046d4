"""Promises of `pipeline.flow.lake_files`."""

import json
from dataclasses import asdict, replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import LakeError
from pipeline.flow.lake_files import joined_meanwhile, lake_files, profile_row
from pipeline.state.lake import PROFILES
from pipeline.trainers.acceptance import acceptance_of
from tests.state.lake.examples import ONE_REJECTED_LINE, TWO_CONVERSATIONS, origin, validated

NESTED = (
    "finding_counts roles tokens_per_conversation truncation languages finding_shares target_acceptance "
    "words_per_turn turns_per_conversation rows_by_tokens"
).split()


def test_the_row_of_a_profile_is_the_report(local_lake):
    with validated(local_lake, "d1", ONE_REJECTED_LINE) as (profile, files):
        acceptance = [each.as_dict() for each in acceptance_of(profile)]
        row = pq.ParquetFile(files["profiles"]).read().to_pylist()[0]

    report = profile.as_dict("uploads/ann/d1.jsonl", acceptance)
    origin_of_it = {name: getattr(origin("d1"), name) for name in asdict(origin("d1"))}
    nested = {name: json.dumps(value, ensure_ascii=False) for name, value in report.items() if name in NESTED}
    plain = {name: value for name, value in report.items() if name in row}
    assert row == {**plain, **nested, **origin_of_it, "findings": profile.finding_counts.total()}
    assert (row["tokens"], row["tokens_by_words"], row["training_pairs"]) == (3, 4, 2)
    assert row["roles"] == '{"assistant": 1, "user": 1}'


def test_every_figure_of_the_report_is_a_column(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, _):
        report = profile.as_dict("uploads/ann/d1.jsonl")

    # Whether the printed report was cut says nothing about the lake, which has every finding.
    assert set(report) - {"findings_truncated"} <= set(PROFILES.names)


def test_the_row_has_every_column_and_the_origin(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, _):
        row = profile_row(profile, [], origin("d1"))

    assert list(row) == PROFILES.names
    assert {name: row[name] for name in asdict(origin("d1"))} == asdict(origin("d1"))


def test_rows_of_several_parts_are_one_table_in_their_order(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, files), local_lake.staging() as folder:
        twice = replace(profile, parts=(*profile.parts, *profile.parts))

        joined = lake_files(twice, [], origin("d1"), folder)

        for table in ("turns", "conversations"):
            once = pq.read_table(files[table])
            assert pq.read_table(joined[table]).equals(pa.concat_tables([once, once])), table
            assert pq.read_schema(joined[table]).equals(once.schema, check_metadata=True)


def test_tables_are_joined_while_something_else_is_done(local_lake):
    with validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, files), local_lake.staging() as folder:
        with joined_meanwhile(folder) as join:
            join([*profile.parts, *profile.parts])

        for table in ("turns", "conversations"):
            once = pq.read_table(files[table])
            assert pq.read_table(folder / f"{table}.parquet").equals(pa.concat_tables([once, once])), table


def test_what_cannot_be_joined_is_said_after_the_block(local_lake):
    said = []

    def reach_a_verdict(profile, folder):
        with joined_meanwhile(folder) as join:
            join([*profile.parts, *profile.parts])
            said.append("the verdict")

    with (
        validated(local_lake, "d1", TWO_CONVERSATIONS) as (profile, _),
        local_lake.staging() as folder,
        pytest.raises(LakeError, match="nowhere"),
    ):
        reach_a_verdict(profile, folder / "nowhere")

    assert said == ["the verdict"]
