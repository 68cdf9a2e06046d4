"""What the assets of trainings that ran are, a partition a job. How they are made is in `closed_trainings.py`."""

import dagster as dg

from assets.partitions import TRAINED_JOBS
from assets.specs import OWNERS
from assets.training_specs import CONFIGS, COSTS, SPLITS, TRAINING
from pipeline.state.warehouse.attempt_comments import ATTEMPT_COLUMNS
from pipeline.state.warehouse.job_comments import JOB_COLUMNS

CODE_VERSION = "1"  # raised when the same training would leave something else
ADAPTERS, EVALUATIONS, ACTUAL_COSTS = "trained_adapters", "model_evaluations", "actual_costs"


def _of_any(*assets: str) -> list[dg.AssetDep]:
    """A dataset has many jobs, and Dagster's keys do not say which: any of the dataset's partitions may lead here."""
    return [dg.AssetDep(asset, partition_mapping=dg.AllPartitionMapping()) for asset in assets]


def _of_same(*assets: str) -> list[dg.AssetDep]:
    return [dg.AssetDep(asset, partition_mapping=dg.IdentityPartitionMapping()) for asset in assets]


def _spec(asset: str, deps: list[dg.AssetDep], kinds: set[str], columns: dict[str, str], text: str) -> dg.AssetSpec:
    schema = dg.TableSchema([dg.TableColumn(name, description=told) for name, told in columns.items()])
    return dg.AssetSpec(
        asset,
        deps=deps,
        description=text,
        group_name=TRAINING,
        owners=OWNERS,
        kinds=kinds,
        partitions_def=TRAINED_JOBS,
        code_version=CODE_VERSION,
        skippable=True,
        metadata={"dagster/column_schema": schema},
    )


TRAINED_ASSETS = [
    _spec(
        ADAPTERS,
        _of_any(CONFIGS, SPLITS),
        {"python"},
        ATTEMPT_COLUMNS["models"],
        "What trainings left: adapters or models with checksums, a manifest and a card, in the lake. A training is "
        "asked for by a person (`lora-pipeline jobs start`, its page, or the API), never by a run.",
    ),
    _spec(
        EVALUATIONS,
        _of_same(ADAPTERS),
        {"python"},
        ATTEMPT_COLUMNS["model_evaluations"],
        "How good they are on the rows kept back, beside their base models.",
    ),
    _spec(
        ACTUAL_COSTS,
        [*_of_any(COSTS), *_of_same(ADAPTERS)],
        {"python"},
        JOB_COLUMNS["cost_records"],
        "What trainings did cost, also failed and cancelled ones, beside what was expected.",
    ),
]
