"""What a ready dataset shows on the pages of its split, its training jobs and their costs.

Events are logged one by one with their partition, as in `report.py` and for the same reason. What the sensor tells of
jobs that have become stale is here, too.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (  # as in `report.py`
    AssetCheckEvaluationTargetMaterializationData as Judged,
)

from assets.report import Metadata, newest_materialization
from assets.training_specs import CONFIGS, COSTS, SPLITS
from pipeline.catalog.job_records import CostRecord, Job
from pipeline.lake import Lake
from pipeline.training.checks import JOB_CHECKS, JobCheck, JobsReport
from pipeline.training.making import CODE_VERSION
from pipeline.training.pictures import estimate_chart
from pipeline.training.planning import Planned

SHOWN_BASIS = 6
StaleEvent = dg.AssetObservation | dg.AssetCheckEvaluation
_JOB_COLUMNS = ("job", "status", "cost_usd", "hours", "peak_gb", "base_model", "method", "preset", "gpu", "trainers")
_COST_COLUMNS = ("job", "kind", "low", "expected", "high", "hours", "price", "provider", "as_of")


def materializations(planned: Planned, lake: Lake) -> Iterator[dg.AssetMaterialization]:
    """What Dagster is told of a plan; a dataset without a job has no costs to show."""
    dataset_id, fingerprint = planned.prepared.dataset.id, planned.prepared.split.fingerprint
    content = planned.prepared.facts.content_sha256
    configs, costs = _version(planned.made), _version(each.id for each in _costs(planned))
    inputs = {"conversations": content, "dataset_profiles": content}
    yield _event(SPLITS, planned, fingerprint, inputs, _split_metadata(planned, lake.uri("splits", dataset_id)))
    inputs = {SPLITS: fingerprint, "dataset_profiles": content}
    yield _event(CONFIGS, planned, configs, inputs, _config_metadata(planned, lake))
    if planned.made:
        yield _event(COSTS, planned, costs, {CONFIGS: configs}, _cost_metadata(planned))


def evaluations(planned: Planned, instance: dg.DagsterInstance, today: date) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of every check; those on costs only where there are any."""
    dataset_id = planned.prepared.dataset.id
    not_possible = [each.as_dict() for each in planned.not_possible]
    report = JobsReport(planned.jobs, planned.costs, not_possible, today)
    judged = {asset: newest_materialization(instance, asset, dataset_id) for asset in (CONFIGS, COSTS)}
    for check in JOB_CHECKS:
        if check.asset == CONFIGS or planned.made:
            yield evaluation(check, report, dataset_id, judged[check.asset])


def evaluation(
    check: JobCheck, report: JobsReport, dataset_id: str, judged: Judged | None = None
) -> dg.AssetCheckEvaluation:
    """The result of one check for one partition."""
    passed, description = check.decide(report)
    return _result(check, passed, description, dataset_id, judged)


def stale_events(
    jobs: Sequence[Job], instance: dg.DagsterInstance
) -> list[dg.AssetObservation | dg.AssetCheckEvaluation]:
    """What Dagster is told when jobs of datasets become stale: an observation, and a check that fails."""
    [check] = [each for each in JOB_CHECKS if each.name == "jobs_are_current"]
    events: list[StaleEvent] = []
    for dataset_id in dict.fromkeys(job.dataset_id for job in jobs):
        stale = [job for job in jobs if job.dataset_id == dataset_id]
        reason = f"{len(stale)} jobs are out of date: {stale[0].status_reason}"
        metadata: Metadata = {"summary": reason, "jobs": _job_table(stale, {})}
        events.append(dg.AssetObservation(CONFIGS, partition=dataset_id, description=reason, metadata=metadata))
        judged = newest_materialization(instance, CONFIGS, dataset_id)
        events.append(_result(check, False, reason, dataset_id, judged))
    return events


def _result(
    check: JobCheck, passed: bool, description: str, dataset_id: str, judged: Judged | None
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(check.asset),
        check_name=check.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if check.is_error else dg.AssetCheckSeverity.WARN,
        description=description,
        partition=dataset_id,
        target_materialization_data=judged,
    )


def _event(
    asset: str, planned: Planned, version: str, inputs: Mapping[str, str], metadata: Metadata
) -> dg.AssetMaterialization:
    """Tags say what it was made from, as Dagster writes them itself for values that a step returns."""
    made_from = {
        f"dagster/{kind}/{name}": value
        for name, data_version in inputs.items()
        for kind, value in (("input_data_version", data_version), ("input_event_pointer", "NULL"))
    }
    return dg.AssetMaterialization(
        asset_key=asset,
        partition=planned.prepared.dataset.id,
        description=planned.summary(),
        metadata=metadata,
        tags={"dagster/data_version": version, "dagster/code_version": CODE_VERSION, **made_from},
    )


def _version(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def _split_metadata(planned: Planned, uri: str) -> Metadata:
    split = planned.prepared.split
    return {
        "dagster/row_count": split.train_conversations + split.validation_conversations,
        "train_conversations": split.train_conversations,
        "validation_conversations": split.validation_conversations,
        "clusters": split.clusters,
        "clusters_on_both_sides": split.leaking_clusters,
        "fingerprint": split.fingerprint,
        "parquet": dg.MetadataValue.path(uri),
        "dagster/uri": uri,
    }


def _config_metadata(planned: Planned, lake: Lake) -> Metadata:
    """What a person wants to know first, first: the UI keeps the order."""
    metadata: Metadata = {"summary": planned.summary()}
    jobs = planned.planned_jobs
    if jobs and (estimate := planned.estimate_of(jobs[0])):
        metadata["estimate"] = dg.MetadataValue.md(estimate_chart(estimate))
    if planned.not_possible:
        metadata["not_possible"] = _table(
            [each.as_dict() for each in planned.not_possible], ("setup", "kind", "reason")
        )
    if planned.jobs:
        metadata["jobs"] = _job_table(planned.jobs, planned.costs)
    if acceptance := _acceptance(planned):
        metadata["target_acceptance"] = _table(acceptance, ("trainer", "verdict", "because"))
    if jobs:
        metadata |= _config(jobs[0], lake)
    return metadata | {"dagster/row_count": len(planned.made)}


def _config(job: Job, lake: Lake) -> Metadata:
    """The first trainer's file, and the place of all."""
    from pipeline.training.jobs.targets import renderer

    target = renderer(job.targets[0], job.job.get("objective", "sft"))  # type: ignore[arg-type]  # the catalog keeps texts
    name = f"{target.name}/{target.documents[0].file}"
    with lake.fetch_job_file(job.id, name) as path:
        lines = path.read_text("utf-8").splitlines()
    # Comments are in the file; without them the UI shows most configs inline.
    text = "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {
        "trainer": target.version,
        "config": dg.MetadataValue.md(f"`{name}`\n```\n{text}\n```"),
        "files": dg.MetadataValue.path(job.files_uri),
        "dagster/uri": job.files_uri,
    }


def _acceptance(planned: Planned) -> list[dict[str, object]]:
    """The rows of the acceptance matrix that the jobs' trainers have."""
    accepted = planned.prepared.facts.acceptance
    wanted = dict.fromkeys(target for job in planned.planned_jobs for target in job.targets)
    wanted |= dict.fromkeys(target for each in planned.not_possible for target in each.setup.targets)
    return [
        {"trainer": target, "verdict": row.verdict, "because": " ".join(row.sentences)}
        for target in wanted
        if (row := accepted.get(target))
    ]


def _cost_metadata(planned: Planned) -> Metadata:
    jobs, records = planned.planned_jobs, _costs(planned)
    estimates = [estimate for job in jobs if (estimate := planned.estimate_of(job))]
    metadata: Metadata = {"summary": planned.summary()}
    if estimates:
        metadata["estimate"] = dg.MetadataValue.md(estimate_chart(estimates[0]))
        metadata["basis"] = dg.MetadataValue.md("\n".join(f"- {each}" for each in estimates[0].basis[:SHOWN_BASIS]))
        if estimates[0].cost_usd is not None:
            metadata["cost_usd"] = round(estimates[0].cost_usd, 4)
    metadata["costs"] = _table([_cost_row(record) for record in records], _COST_COLUMNS)
    return metadata | {"dagster/row_count": len(records)}


def _costs(planned: Planned) -> list[CostRecord]:
    return [record for job in planned.planned_jobs for record in planned.costs[job.id]]


def _job_table(jobs: Sequence[Job], costs: Mapping[str, Sequence[CostRecord]]) -> dg.TableMetadataValue:
    return _table([_job_row(job, costs.get(job.id, ())) for job in jobs], _JOB_COLUMNS)


def _job_row(job: Job, costs: Sequence[CostRecord]) -> dict[str, object]:
    estimate = next((cost for cost in reversed(costs) if cost.kind == "estimate"), None)
    count = f"{job.gpu_count} × " if job.gpu_count > 1 else ""
    return {
        "job": job.id,
        "status": job.status,
        "base_model": job.base_model,
        "method": job.method,
        "preset": job.preset,
        "gpu": f"{count}{job.gpu}",
        "trainers": ", ".join(job.targets),
        "cost_usd": _rounded(estimate.cost_usd if estimate else None),
        "hours": _rounded(estimate.hours if estimate else None),
        "peak_gb": _rounded(estimate.peak_memory_gb if estimate else None),
    }


def _cost_row(record: CostRecord) -> dict[str, object]:
    price = "" if record.price_per_gpu_hour is None else f"{record.price_per_gpu_hour:g} {record.price_currency}"
    return {
        "job": record.job_id,
        "kind": record.kind,
        "low": _rounded(record.cost_usd_low),
        "expected": _rounded(record.cost_usd),
        "high": _rounded(record.cost_usd_high),
        "hours": _rounded(record.hours),
        "price": price,
        "provider": record.provider or "",
        "as_of": str(record.price_as_of or ""),
    }


def _table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> dg.TableMetadataValue:
    records = [dg.TableRecord({name: _cell(row[name]) for name in columns}) for row in rows]
    return dg.MetadataValue.table(records, schema=dg.TableSchema([dg.TableColumn(name) for name in columns]))


def _cell(value: object) -> str | int | float:
    return value if isinstance(value, str | int | float) else ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
