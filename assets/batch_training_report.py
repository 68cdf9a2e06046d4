"""What a partition that is a batch shows of the training of its ready datasets, a row each.

Read from the catalog when it is told, as in `intake_batch_report.py`. What a dataset shows that is a partition of its
own is in `training_report.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from assets.intake_batch_report import combined, digest
from assets.partition_events import Metadata, evaluation, materialization, newest_materialization, origin_tags, table
from assets.training_specs import CONFIGS, COSTS, SPLITS
from assets.training_tables import cost_table, job_table
from pipeline.flow.job_checks import JOB_CHECKS, JobsReport, report_of
from pipeline.flow.job_making import CODE_VERSION
from pipeline.flow.training_plans import is_plannable
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.job_records import Plan
from pipeline.wording import count_of

_COLUMNS = ("dataset", "plan", "jobs", "training_pairs", "validation_pairs")
_INTEGERS = ("jobs", "training_pairs", "validation_pairs")


@dataclass(frozen=True, slots=True)
class PlannedDataset:
    """A ready dataset of a batch."""

    dataset: Dataset
    plan: Plan | None
    message: str
    """What came of its plan."""
    is_planned: bool
    """Whether something came of it: else there is nothing to be judged."""
    report: JobsReport


def planned_datasets(catalog: Catalog, key: str, last: tuple[str, str] | None, today: date) -> list[PlannedDataset]:
    """The ready datasets of a batch. last: id and message of the plan that is noted next."""
    found = []
    for dataset in filter(is_plannable, catalog.in_batch(key)):
        plan, is_last = catalog.plan_of(dataset.id), bool(last and last[0] == dataset.id)
        message = last[1] if last and is_last else (plan.message or plan.status) if plan else "waits"
        is_planned = is_last or bool(plan and plan.status == "planned")
        found.append(PlannedDataset(dataset, plan, message, is_planned, report_of(catalog, dataset.id, today)))
    return found


def batch_plans(key: str, planned: Sequence[PlannedDataset]) -> Iterator[dg.AssetMaterialization]:
    """What Dagster is told of the plans of a batch; without a job there are no costs to show."""
    jobs = [job for each in planned for job in each.report.jobs]
    costs = {job_id: records for each in planned for job_id, records in each.report.costs.items()}
    splits = digest((each.dataset.id, each.plan.split_fingerprint if each.plan else None) for each in planned)
    content = digest((each.dataset.id, each.dataset.content_sha256) for each in planned)
    configs = digest(sorted(job.id for job in jobs))
    read = {"conversations": content, "dataset_profiles": content}
    rows = [_row(each) for each in planned]
    listed: Metadata = {"datasets": table(rows, _COLUMNS, _INTEGERS)}

    def event(asset: str, version: str, inputs: Mapping[str, str], metadata: Metadata) -> dg.AssetMaterialization:
        summary = f"{count_of(len(planned), 'ready dataset')}, {count_of(len(jobs), 'job')}"
        return materialization(asset, key, summary, version, origin_tags(CODE_VERSION, inputs), metadata)

    pairs = sum(each.dataset.total_training_pairs or 0 for each in planned)
    yield event(SPLITS, splits, read, {"dagster/row_count": len(planned), "training_pairs": pairs, **listed})
    made: Metadata = {"dagster/row_count": len(jobs), **listed}
    if jobs:
        made["jobs"] = job_table(jobs, costs)
    yield event(CONFIGS, configs, {SPLITS: splits, "dataset_profiles": content}, made)
    if jobs:
        records = [record for job in jobs for record in costs.get(job.id, ())]
        cost_version = digest(record.id for record in records)
        paid: Metadata = {"dagster/row_count": len(records), "costs": cost_table(records)}
        yield event(COSTS, cost_version, {CONFIGS: configs}, paid)


def batch_plan_evaluations(
    key: str, planned: Sequence[PlannedDataset], instance: dg.DagsterInstance, run_id: str
) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of every check over the batch; those on costs only where there are any. run_id: of who tells."""
    made = (CONFIGS, COSTS) if any(each.report.jobs for each in planned) else (CONFIGS,)
    judged = {asset: newest_materialization(instance, asset, key, run_id) for asset in made}
    for check in JOB_CHECKS:
        if check.asset in judged:
            judging = [each for each in planned if each.is_planned]
            decided, figures = combined({each.dataset.id: check.decide(each.report) for each in judging})
            yield evaluation(check.asset, check, decided, key, judged[check.asset], figures)


def batch_plan_pages(
    context: dg.AssetExecutionContext, catalog: Catalog, today: Callable[[], date]
) -> Callable[[str, tuple[str, str] | None], None]:
    """What writes the pages of a batch in a run."""

    def tell(key: str, last: tuple[str, str] | None) -> None:
        planned = planned_datasets(catalog, key, last, today())
        has_any = any(each.is_planned for each in planned)
        if not has_any and newest_materialization(context.instance, CONFIGS, key) is None:
            return  # as of a dataset whose plan failed: what there is to say is an observation
        for event in batch_plans(key, planned):
            context.log_event(event)
        for each in batch_plan_evaluations(key, planned, context.instance, context.run.run_id):
            context.log_event(each)

    return tell


def _row(planned: PlannedDataset) -> dict[str, object]:
    dataset = planned.dataset
    return {
        "dataset": dataset.id,
        "plan": planned.message,
        "jobs": len(planned.report.jobs),
        "training_pairs": dataset.total_training_pairs,
        "validation_pairs": dataset.total_validation_pairs,
    }
