"""The matrix as a table says what the values say."""

import json

import pyarrow as pa

from pipeline.state.lake.schemas import ACCEPTANCE
from pipeline.trainers.acceptance import Subject, acceptance_rows, judge_acceptance
from tests.trainers.acceptance.findings import findings_file


def test_a_row_a_target_with_its_reasons_as_json(tmp_path):
    subject = Subject(format="native", conversations=4, rejected_lines=1, size_bytes=100)
    rows = judge_acceptance(subject, findings_file(tmp_path, (2, "malformed-json")))

    table = pa.table(acceptance_rows(rows), schema=ACCEPTANCE)

    read = [{**row, "reasons": json.loads(row["reasons"])} for row in table.to_pylist()]
    assert read == [{name: row.as_dict()[name] for name in ACCEPTANCE.names} for row in rows]
