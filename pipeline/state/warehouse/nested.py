"""Columns whose shape is known: catalog and lake keep them as JSON text, the warehouse as MAP, STRUCT and LIST.

What has another shape than it should becomes NULL, as a whole or where it differs: one row never keeps the others from
being published. DuckDB's JSON functions take these types, too.
"""

from collections.abc import Iterable

from pipeline.state.warehouse.sql import identifier

_COUNTS, _SHARES = "MAP(VARCHAR, BIGINT)", "MAP(VARCHAR, DOUBLE)"
_BY_NUMBER = "MAP(BIGINT, BIGINT)"
_SPREAD = 'STRUCT("min" BIGINT, p50 BIGINT, p95 BIGINT, p99 BIGINT, "max" BIGINT)'
_FILES = "MAP(VARCHAR, STRUCT(sha256 VARCHAR, size_bytes BIGINT))"
_REASONS = "STRUCT(rule VARCHAR, effect VARCHAR, count BIGINT, first_lines BIGINT[], sentence VARCHAR)[]"
_ERRORS = (
    'STRUCT("row" BIGINT, line BIGINT, byte_offset BIGINT, "column" BIGINT, code VARCHAR, severity VARCHAR, '
    "path VARCHAR, expected VARCHAR, found VARCHAR, detail VARCHAR, message VARCHAR)[]"
)
NESTED: dict[str, dict[str, str]] = {
    "batch_items": {"avoided_openings": "VARCHAR[]"},
    "batch_jobs": {"scaffold_versions": _COUNTS},
    "cost_records": {"basis": "VARCHAR[]"},
    "dataset_events": {"finding_counts": _COUNTS},
    "dataset_profiles": {
        "finding_counts": _COUNTS,
        "finding_shares": _SHARES,
        "languages": _SHARES,
        "roles": _COUNTS,
        "rows_by_tokens": _BY_NUMBER,
        "target_acceptance": "STRUCT(target VARCHAR, title VARCHAR, verdict VARCHAR, rows_dropped BIGINT, "
        f"rows_truncated BIGINT, reasons {_REASONS}, needs_conversion VARCHAR)[]",
        "tokens_per_conversation": _SPREAD,
        "truncation": "STRUCT(max_length BIGINT, rows_cut BIGINT, share_cut DOUBLE, "
        "rows_without_supervised_tokens BIGINT)[]",
        "turns_per_conversation": _SPREAD,
        "words_per_turn": _SPREAD,
    },
    "datasets": {"validation_errors": _ERRORS},
    "generated_conversations": {"finding_codes": "VARCHAR[]"},
    "metric_series": {"buckets": "DOUBLE[][]"},
    "models": {"files": _FILES},
    "target_acceptance": {"reasons": _REASONS},
    "training_files": {"files": _FILES},
    "training_jobs": {"targets": "VARCHAR[]"},
    "training_plans": {"not_possible": "STRUCT(kind VARCHAR, setup VARCHAR, reason VARCHAR)[]"},
}
"""By table or view: the type of a column in place of JSON text."""


def selected(table: str, columns: Iterable[str]) -> str:
    """The columns of a SELECT, the nested ones in their types, whether the source has text or has these types already.

    >>> selected("training_jobs", ["id", "targets"])
    '"id", TRY_CAST(TRY_CAST("targets" AS JSON) AS VARCHAR[]) AS "targets"'
    """
    return ", ".join(selected_as(table, each, identifier(each)) for each in columns)


def selected_as(table: str, column: str, value: str) -> str:
    """A value as a column of a SELECT, in the column's type where it is nested."""
    kind = NESTED.get(table, {}).get(column)
    typed = _typed(value, kind) if kind else value
    return typed if typed == identifier(column) else f"{typed} AS {identifier(column)}"


def _typed(value: str, kind: str) -> str:
    json = f"TRY_CAST({value} AS JSON)"
    if kind == _BY_NUMBER:  # of JSON, a key that is no number would be an error in spite of TRY_CAST
        json = f"TRY_CAST({json} AS {_COUNTS})"
    return f"TRY_CAST({json} AS {kind})"
