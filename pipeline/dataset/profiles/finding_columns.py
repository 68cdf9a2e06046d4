"""The rows of the lake's table of findings, as columns."""

from collections.abc import Sequence

import pyarrow as pa

from pipeline.dataset.findings.finding import CATALOGUE, Finding


def finding_rows(findings: Sequence[Finding]) -> dict[str, pa.Array]:
    """One row a finding, in their order."""
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
    }
