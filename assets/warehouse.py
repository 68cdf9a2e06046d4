"""The file that analysts query."""

import dagster as dg

from assets.specs import OWNERS, WAREHOUSE
from pipeline.catalog.catalog import Catalog
from pipeline.lake import Lake
from pipeline.settings import Settings
from pipeline.validation import utc_now
from pipeline.warehouse import build_warehouse


@dg.asset(
    deps=["dataset_profiles", "conversations", "findings", "training_splits", "training_job_configs", "cost_records"],
    group_name=WAREHOUSE,
    owners=OWNERS,
    kinds={"duckdb"},
    code_version="2",  # raised when the same catalog and lake would give other tables or columns
    retry_policy=dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
)
def warehouse(
    catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """`warehouse.duckdb`: the catalog's tables and views over the lake, built beside the old file and swapped in whole.

    Whoever has the old file open keeps reading it undisturbed.
    """
    report = build_warehouse(settings.warehouse, catalog, lake, utc_now())
    return dg.MaterializeResult(
        metadata={
            "dagster/uri": str(settings.warehouse),
            "size_bytes": report.size_bytes,
            "duration_s": round(report.duration_s, 2),
            **{f"rows_{table}": count for table, count in report.row_counts.items()},
        }
    )
