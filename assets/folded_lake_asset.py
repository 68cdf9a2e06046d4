"""The lake's files that many small datasets share."""

import dagster as dg
from pydantic import Field

from assets.specs import OWNERS, WAREHOUSE
from assets.warehouse_asset import CHANGES_ONLY as PUBLISH_CHANGES_ONLY
from pipeline.clock import utc_now
from pipeline.flow.folding import fold_lake
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake

CHANGES_ONLY = {"ops": {"folded_lake": {"config": {"is_thorough": False}}, **PUBLISH_CHANGES_ONLY["ops"]}}
"""What a run is configured with that folds what is new, and looks at nothing else."""


class Folding(dg.Config):
    """How it is folded. The sensor asks for what is new, the schedule looks for damage as well."""

    is_thorough: bool = Field(True, description="Read all rows of all folds, and make anew those that are damaged.")


@dg.asset(
    deps=["conversations", "findings", "dataset_profiles"],
    group_name=WAREHOUSE,
    owners=OWNERS,
    kinds={"parquet"},
    code_version="1",  # raised when the same files of datasets would give other rows
    retry_policy=dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
)
def folded_lake(
    config: Folding,
    catalog: dg.ResourceParam[Catalog],
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[None]:
    """`folded/` in the lake: the rows of small datasets that are published, in few files, so that a question opens few.

    Each dataset's own files stay as they are. A damaged fold is made anew, an unneeded one is removed a day later.
    """
    now = utc_now()
    folded = fold_lake(settings.warehouse, catalog, lake, settings.fold_max_bytes, now, is_thorough=config.is_thorough)
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
