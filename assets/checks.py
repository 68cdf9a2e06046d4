"""The checks on `dataset_profiles`, run by hand for a partition; validation reports the same results by itself."""

import warnings

import dagster as dg

from assets.partitions import DATASETS
from assets.report import evaluation
from pipeline.lake import Lake
from pipeline.profiles.checks import CHECKS, Check


def _asset_check(check: Check) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset="dataset_profiles", name=check.name, description=check.description, partitions_def=DATASETS)
    def run(context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
        dataset_id = context.partition_key
        [report] = lake.read_profiles([dataset_id]).to_pylist()
        result = evaluation(check, report, dataset_id)
        return dg.AssetCheckResult(passed=result.passed, severity=result.severity, description=result.description)

    return run


with warnings.catch_warnings():
    # Partitions of checks are a preview in Dagster 1.13; what we use of them is tested.
    warnings.simplefilter("ignore", dg.PreviewWarning)
    DATASET_CHECKS = [_asset_check(check) for check in CHECKS]
