"""The jobs that sensors and schedules ask for."""

import dagster as dg

from assets.generated_specs import GENERATED_ASSETS
from assets.specs import VALIDATED
from assets.trained_specs import TRAINED_ASSETS
from assets.training_specs import TRAINING_ASSETS


def _of(specs: list[dg.AssetSpec]) -> dg.AssetSelection:
    """All assets of a step; its checks are evaluated in it, and asked for by nobody."""
    return dg.AssetSelection.assets(*(spec.key for spec in specs)).without_checks()


CAUSE = "lora/cause"
"""The tag that says why a publication was asked for: runs of it are most of what the Runs page shows."""

INGEST = dg.define_asset_job(
    "ingest",
    selection=_of(VALIDATED),
    description="Validates a range of datasets in one process.",
)
# In the queue, a run of higher priority is started first. The sensor asks for a plan when no validation waits or when
# plans have waited long enough, and for one run at a time: then it is its turn. A publication is over soonest.
PLAN_TRAINING = dg.define_asset_job(
    "plan_training",
    selection=_of(TRAINING_ASSETS),
    description="Makes the default training jobs of a range of ready datasets in one process.",
    tags={"dagster/priority": "10"},
)
PUBLISH = dg.define_asset_job(
    "publish",
    selection=dg.AssetSelection.assets("warehouse"),
    description="Publishes the warehouse anew.",
    tags={"dagster/priority": "20"},
)
FOLD = dg.define_asset_job(
    "fold_lake",
    selection=dg.AssetSelection.assets("folded_lake", "warehouse"),
    description="Folds the files of small datasets into few, and publishes the warehouse over them.",
    tags={"dagster/priority": "20"},
)
CLOSE_TRAININGS = dg.define_asset_job(
    "close_trainings",
    selection=_of(TRAINED_ASSETS),
    description="Keeps model, evaluation and cost of a training that has ended.",
    tags={"dagster/priority": "15"},
)
GENERATE = dg.define_asset_job(
    "generate",
    selection=_of(GENERATED_ASSETS),
    description="Does what is due of a batch of conversations that is made: asks, takes, stages, selects.",
    tags={"dagster/priority": "12"},
)
