"""The jobs that sensors and schedules ask for."""

import dagster as dg

INGEST = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.assets("conversations", "findings", "dataset_profiles").without_checks(),
    description="Validates a range of datasets in one process.",
)
PUBLISH = dg.define_asset_job(
    "publish", selection=dg.AssetSelection.assets("warehouse"), description="Publishes the warehouse anew."
)
