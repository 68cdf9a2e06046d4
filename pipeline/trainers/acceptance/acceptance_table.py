"""The matrix as a table of the lake: one row a target."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from pipeline.state.lake.schemas import ACCEPTANCE
from pipeline.trainers.acceptance.acceptance_verdict import Acceptance


def acceptance_rows(rows: Sequence[Acceptance]) -> dict[str, pa.Array]:
    """The columns of the lake's table."""
    values = {
        "target": [row.target for row in rows],
        "verdict": [row.verdict.value for row in rows],
        "rows_dropped": [row.rows_dropped for row in rows],
        "rows_truncated": [row.rows_truncated for row in rows],
        "needs_conversion": [row.needs_conversion for row in rows],
        "reasons": [msgspec.json.encode([reason.as_dict() for reason in row.reasons]).decode() for row in rows],
    }
    return {field.name: pa.array(values[field.name], field.type) for field in ACCEPTANCE}
