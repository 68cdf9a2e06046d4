"""What the assets of training are, for ready datasets only. How they are made is in `planned_trainings.py`."""

import dagster as dg

from assets.partitions import READY_DATASETS
from assets.specs import OWNERS, column_lineage
from pipeline.flow.job_making import CODE_VERSION
from pipeline.state.warehouse.job_comments import JOB_COLUMNS

TRAINING = "training"
SPLITS, CONFIGS, COSTS = "training_splits", "training_job_configs", "cost_records"


def _columns(table: str) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, description=text) for name, text in JOB_COLUMNS[table].items()])


def _spec(asset: str, deps: list[dg.AssetDep], kinds: set[str], description: str, **metadata: object) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset,
        deps=deps,
        description=description,
        group_name=TRAINING,
        owners=OWNERS,
        kinds=kinds,
        partitions_def=READY_DATASETS,
        code_version=CODE_VERSION,
        skippable=True,
        metadata=metadata,
    )


def _same_dataset(*assets: str) -> list[dg.AssetDep]:
    """Ready datasets are datasets, under the same keys."""
    return [dg.AssetDep(asset, partition_mapping=dg.IdentityPartitionMapping()) for asset in assets]


TRAINING_SPLITS = _spec(
    SPLITS,
    _same_dataset("conversations", "dataset_profiles"),
    {"parquet", "python"},
    "Which conversations of a ready dataset are for training and which for validation; near-duplicates are on one "
    "side. The rows lie in the lake since the validation: here they are counted and given a fingerprint.",
)
TRAINING_JOB_CONFIGS = _spec(
    CONFIGS,
    _same_dataset(SPLITS, "dataset_profiles"),
    {"yaml", "python"},
    "The default training jobs of a ready dataset (LORA_TRAINING_PLANS): configs and data as each trainer reads them. "
    "A dataset of which no job can be made says why. More jobs: `lora-pipeline jobs create`.",
    **{"dagster/column_schema": _columns("training_jobs")},
)
COST_RECORDS = _spec(
    COSTS,
    _same_dataset(CONFIGS),
    {"python"},
    "What those jobs are expected to cost: low, expected and high, with the price and what the estimate rests on. "
    "What they did cost is added by `lora-pipeline jobs add-cost`.",
    **{
        "dagster/column_schema": _columns("cost_records"),
        "dagster/column_lineage": column_lineage(job_id=(CONFIGS, "id"), user_id=(CONFIGS, "user_id")),
    },
)
TRAINING_ASSETS = [TRAINING_SPLITS, TRAINING_JOB_CONFIGS, COST_RECORDS]
