"""The checks, run by hand for a partition; validation and planning report the same results by themselves.

None of them blocks: that would make a failed run of a bad file (docs/decisions/0063-a-rejected-dataset.md).
"""

import warnings

import dagster as dg

from assets.intake_batch_report import combined, judged_of, profile_reports
from assets.partition_events import AnyCheck, severity_of
from assets.partitions import DATASETS, GENERATION_BATCHES, READY_DATASETS, TRAINED_JOBS
from pipeline.clock import utc_now
from pipeline.dataset.profiles.profile_checks import CHECKS, Check, Figures
from pipeline.flow.closing import closed_of
from pipeline.flow.generation.batch_checks import BATCH_CHECKS, BatchCheck
from pipeline.flow.generation.batch_report import report_of_batch
from pipeline.flow.job_checks import JOB_CHECKS, JobCheck, report_of
from pipeline.flow.training_checks import TRAINING_RUN_CHECKS, TrainingCheck
from pipeline.flow.training_plans import is_plannable
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake


def _asset_check(check: Check) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset="dataset_profiles",
        name=check.name,
        description=check.description,
        partitions_def=DATASETS,
    )
    def run(
        context: dg.AssetCheckExecutionContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
    ) -> dg.AssetCheckResult:
        key = context.partition_key
        if batch := catalog.in_batch(key):
            reports = profile_reports(lake, [each.id for each in judged_of(batch)])
            return _result(check, *combined({each: check.decide(report) for each, report in reports.items()}))
        [report] = lake.read_profiles([key]).to_pylist()
        return _result(check, check.decide(report), check.figures(report))

    return run


def _job_check(check: JobCheck) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=check.asset,
        name=check.name,
        description=check.description,
        partitions_def=READY_DATASETS,
    )
    def run(context: dg.AssetCheckExecutionContext, catalog: dg.ResourceParam[Catalog]) -> dg.AssetCheckResult:
        key, today = context.partition_key, utc_now().date()
        if batch := catalog.in_batch(key):
            reports = {each.id: report_of(catalog, each.id, today) for each in batch if is_plannable(each)}
            return _result(check, *combined({each: check.decide(report) for each, report in reports.items()}))
        report = report_of(catalog, key, today)
        return _result(check, check.decide(report), check.figures(report))

    return run


def _trained_check(check: TrainingCheck) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=check.asset,
        name=check.name,
        description=check.description,
        partitions_def=TRAINED_JOBS,
    )
    def run(context: dg.AssetCheckExecutionContext, catalog: dg.ResourceParam[Catalog]) -> dg.AssetCheckResult:
        closed = closed_of(catalog, context.partition_key)
        return _result(check, check.decide(closed), check.figures(closed))

    return run


def _batch_check(check: BatchCheck) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=check.asset,
        name=check.name,
        description=check.description,
        partitions_def=GENERATION_BATCHES,
    )
    def run(
        context: dg.AssetCheckExecutionContext, catalog: dg.ResourceParam[Catalog], lake: dg.ResourceParam[Lake]
    ) -> dg.AssetCheckResult:
        report = report_of_batch(catalog, lake, context.partition_key)
        return _result(check, check.decide(report), check.figures(report))

    return run


def _result(check: AnyCheck, decided: tuple[bool, str], figures: Figures) -> dg.AssetCheckResult:
    passed, description = decided
    metadata = {name: float(value) for name, value in figures.items()}
    return dg.AssetCheckResult(passed=passed, severity=severity_of(check), description=description, metadata=metadata)


with warnings.catch_warnings():
    # Partitions of checks are a preview in Dagster 1.13; what we use of them is tested.
    warnings.simplefilter("ignore", dg.PreviewWarning)
    DATASET_CHECKS = [_asset_check(check) for check in CHECKS]
    TRAINING_CHECKS = [_job_check(check) for check in JOB_CHECKS]
    GENERATION_CHECKS = [_batch_check(check) for check in BATCH_CHECKS]
    TRAINED_CHECKS = [_trained_check(check) for check in TRAINING_RUN_CHECKS]
