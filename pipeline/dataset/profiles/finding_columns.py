"""The rows of the lake's table of findings, as columns; and as reports have them."""

from collections.abc import Sequence

import pyarrow as pa

from pipeline.contract.finding_record import FindingRow
from pipeline.dataset.findings.finding import CATALOGUE, Finding
from pipeline.state.lake.schemas import ROW_TEXT


def finding_rows(findings: Sequence[Finding], row_texts: Sequence[str | None] | None = None) -> dict[str, pa.Array]:
    """One row a finding, in their order. row_texts: of each, what is kept of its row."""
    return {
        "row": pa.array([f.row for f in findings], pa.int64()),
        "line": pa.array([f.line for f in findings], pa.int64()),
        "byte_offset": pa.array([f.byte_offset for f in findings], pa.int64()),
        "column": pa.array([f.mismatch.column for f in findings], pa.int64()),
        "code": pa.array([f.code for f in findings], pa.string()),
        "severity": pa.array([CATALOGUE[f.code].severity.value for f in findings], pa.string()),
        "path": pa.array([f.path for f in findings], pa.string()),
        "expected": pa.array([f.mismatch.expected for f in findings], pa.string()),
        "found": pa.array([f.mismatch.found for f in findings], pa.string()),
        "detail": pa.array([f.mismatch.detail for f in findings], pa.string()),
        "message": pa.array([f.message for f in findings], pa.string()),
        ROW_TEXT: pa.array(row_texts or [None] * len(findings), pa.string()),
    }


def told(batch: pa.RecordBatch) -> list[FindingRow]:
    """Findings as reports have them: without the text of their rows, which is for questions alone."""
    rows: list[FindingRow] = batch.drop_columns([ROW_TEXT]).to_pylist()
    return rows
