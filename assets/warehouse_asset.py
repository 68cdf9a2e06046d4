"""The file that analysts query."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
from pydantic import Field

from assets.specs import OWNERS, WAREHOUSE
from pipeline.clock import utc_now
from pipeline.errors import WarehouseIncomplete
from pipeline.flow.folding import note_unfolded
from pipeline.flow.publishing import publish
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake
from pipeline.state.warehouse import WarehouseReport

COMPLETE = "warehouse_is_complete"
LAST_CHANGE = "catalog_changed_at"  # the sensor `stale_warehouse` compares it with the catalog
UNFOLDED = "unfolded_datasets"  # the sensor of that name has them folded where they are many
CHANGES_ONLY = {"ops": {"warehouse": {"config": {"is_thorough": False}}}}
"""What a run is configured with that looks at nothing but what changed."""
_MAX_IDS = 100  # named in a check: a lake that is not there lacks every dataset


class Publication(dg.Config):
    """How it is published. The sensor asks for what changed, the schedule looks for every file, a person chooses."""

    is_thorough: bool = Field(
        True, description="Look for the files of every dataset in the lake, not only of those that changed."
    )
    is_full: bool = Field(
        False, description="Make the file of everything, not by what changed since the one that stands."
    )


@dg.asset(
    deps=[
        "dataset_profiles",
        "conversations",
        "findings",
        "training_splits",
        "training_job_configs",
        "cost_records",
        "trained_adapters",
        "model_evaluations",
        "actual_costs",
        "folded_lake",
    ],
    group_name=WAREHOUSE,
    owners=OWNERS,
    kinds={"duckdb"},
    # Published every hour, whatever a sensor sees: one that is older says that no daemon is at work.
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=3), warn_window=timedelta(hours=2)),
    code_version="3",  # raised when the same catalog and lake would give other tables or columns
    retry_policy=dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
    check_specs=[
        dg.AssetCheckSpec(
            COMPLETE,
            asset="warehouse",
            blocking=True,
            description="Every dataset with a verdict has its files in the lake, and none that was published is lost. "
            "Else the old file stays.",
        )
    ],
)
def warehouse(
    config: Publication,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """`warehouse.duckdb`: the catalog's tables and views over the lake, built beside the old file and swapped in whole.

    It goes on from a copy of the old file, by what changed, where that is of this catalog and version. Whoever has the
    old file open keeps reading it undisturbed. Where it would lack a dataset, the old file stays.
    """
    try:
        report = publish(
            settings.warehouse, catalog, lake, utc_now(), is_thorough=config.is_thorough, is_full=config.is_full
        )
    except WarehouseIncomplete as incomplete:
        yield _not_complete(incomplete, lake)
        # Trying again at once would find the same: the sensor asks for it when the lake answers.
        raise dg.Failure(str(incomplete), allow_retries=False) from incomplete
    unfolded = note_unfolded(settings.warehouse, catalog, settings.fold_max_bytes)
    yield dg.MaterializeResult(metadata=_metadata(report, settings, unfolded))
    yield dg.AssetCheckResult(
        check_name=COMPLETE,
        passed=True,
        metadata={"datasets": report.datasets, "missing": 0},
        description=f"all {report.datasets} datasets with a verdict are there",
    )


def _metadata(report: WarehouseReport, settings: Settings, unfolded: int) -> dict[str, str | int | float]:
    return {
        "dagster/uri": str(settings.warehouse),
        "size_bytes": report.size_bytes,
        "duration_s": round(report.duration_s, 2),
        "changed_datasets": "all" if report.changed is None else str(report.changed),
        UNFOLDED: unfolded,
        **({LAST_CHANGE: report.last_change.isoformat()} if report.last_change else {}),
        **{f"rows_{table}": count for table, count in report.row_counts.items()},
    }


def _not_complete(incomplete: WarehouseIncomplete, lake: Lake) -> dg.AssetCheckResult:
    kinds = {
        "lost_from_lake": incomplete.lost,
        "unknown_to_catalog": incomplete.unknown,
        "validated_again": incomplete.returning,
    }
    return dg.AssetCheckResult(
        check_name=COMPLETE,
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "datasets": incomplete.expected,
            "missing": len(incomplete.missing),
            "lake": lake.place,
            **{name: len(ids) for name, ids in kinds.items()},
            **{f"{name}_ids": list(ids[:_MAX_IDS]) for name, ids in kinds.items() if ids},
        },
        description=str(incomplete),
    )
