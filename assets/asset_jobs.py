"""The jobs that sensors and schedules ask for."""

import dagster as dg

INGEST = dg.define_asset_job(
    "ingest",
    selection=dg.AssetSelection.assets("conversations", "findings", "dataset_profiles").without_checks(),
    description="Validates a range of datasets in one process.",
)
# In the queue, a run of higher priority is started first. The sensor asks for a plan when no validation waits or when
# plans have waited long enough, and for one run at a time: then it is its turn. A publication is over soonest.
PLAN_TRAINING = dg.define_asset_job(
    "plan_training",
    selection=dg.AssetSelection.assets("training_splits", "training_job_configs", "cost_records").without_checks(),
    description="Makes the default training jobs of a range of ready datasets in one process.",
    tags={"dagster/priority": "10"},
)
PUBLISH = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.assets("warehouse"),
    description="Publishes the warehouse anew.",
    tags={"dagster/priority": "20"},
)
