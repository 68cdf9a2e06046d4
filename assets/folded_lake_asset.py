"""The lake's files that many small datasets share."""

import dagster as dg

from assets.specs import OWNERS, WAREHOUSE
from pipeline.clock import utc_now
from pipeline.flow.folding import fold_lake
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake


@dg.asset(
    deps=["conversations", "findings", "dataset_profiles"],
    group_name=WAREHOUSE,
    owners=OWNERS,
    kinds={"parquet"},
    code_version="1",  # raised when the same files of datasets would give other rows
    retry_policy=dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
)
def folded_lake(
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[None]:
    """`folded/` in the lake: the rows of small datasets that are published, in few files, so that a question opens few.

    Each dataset's own files stay as they are. Folds that no view needs are removed a day later.
    """
    folded = fold_lake(settings.warehouse, catalog, lake, settings.fold_max_bytes, utc_now())
    return dg.MaterializeResult(
        metadata={
            "dagster/uri": f"{lake.place}/folded",
            "datasets": folded.datasets,
            "new_folds": folded.made,
            "merged_folds": folded.merged,
            "retired_folds": folded.retired,
            "removed_folds": folded.removed,
        }
    )
