"""What a ready dataset shows on the pages of its split, its training jobs and their costs.

Events are logged one by one with their partition; why is in `partition_events.py`. What the sensor tells of jobs
that have become stale is here, too.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import dagster as dg

from assets.partition_events import (
    Metadata,
    evaluation,
    first_of,
    materialization,
    newest_materialization,
    origin_tags,
    table,
)
from assets.training_specs import CONFIGS, COSTS, SPLITS
from assets.training_tables import cost_table, job_table
from pipeline.flow.job_checks import JOB_CHECKS, JobsReport
from pipeline.flow.job_making import CODE_VERSION
from pipeline.flow.job_pictures import estimate_chart
from pipeline.flow.training_plans import Planned
from pipeline.state.catalog.job_records import CostRecord, Job
from pipeline.state.lake import Lake
from pipeline.trainers.markdown_text import block, code, inline

SHOWN_BASIS = 6
StaleEvent = dg.AssetObservation | dg.AssetCheckEvaluation


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


def evaluations(
    planned: Planned, instance: dg.DagsterInstance, run_id: str, today: date
) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of every check; those on costs only where there are any. run_id: of the run that told of the plan."""
    dataset_id = planned.prepared.dataset.id
    not_possible = [each.as_dict() for each in planned.not_possible]
    report = JobsReport(planned.jobs, planned.costs, not_possible, today)
    made = (CONFIGS, COSTS) if planned.made else (CONFIGS,)
    judged = {asset: newest_materialization(instance, asset, dataset_id, run_id) for asset in made}
    for check in JOB_CHECKS:
        if check.asset in judged:
            decided, figures = check.decide(report), check.figures(report)
            yield evaluation(check.asset, check, decided, dataset_id, judged[check.asset], figures)


def stale_events(
    jobs: Sequence[Job], instance: dg.DagsterInstance, partition_of: Callable[[str], str]
) -> list[StaleEvent]:
    """What Dagster is told when jobs of datasets become stale: an observation of each, and a check that fails for each
    partition.

    partition_of: a dataset's partition.
    """
    [check] = [each for each in JOB_CHECKS if each.name == "jobs_are_current"]
    events: list[StaleEvent] = []
    by_partition: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for dataset_id in dict.fromkeys(job.dataset_id for job in jobs):
        stale = [job for job in jobs if job.dataset_id == dataset_id]
        partition = partition_of(dataset_id)
        of_dataset = "" if partition == dataset_id else f"{dataset_id}: "
        reason = f"{of_dataset}{len(stale)} jobs are out of date: {stale[0].status_reason}"
        metadata: Metadata = {"summary": reason, "jobs": job_table(stale, {})}
        events.append(dg.AssetObservation(CONFIGS, partition=partition, description=reason, metadata=metadata))
        by_partition.setdefault(partition, []).append(reason)
        counts[partition] += len(stale)
    for partition, reasons in by_partition.items():
        judged = newest_materialization(instance, CONFIGS, partition)
        told = (False, first_of(reasons, "datasets more"))
        events.append(evaluation(CONFIGS, check, told, partition, judged, {"stale": counts[partition]}))
    return events


def _event(
    asset: str, planned: Planned, version: str, inputs: Mapping[str, str], metadata: Metadata
) -> dg.AssetMaterialization:
    origin = origin_tags(CODE_VERSION, inputs)
    return materialization(asset, planned.prepared.dataset.id, planned.summary(), version, origin, metadata)


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
        metadata["not_possible"] = table([each.as_dict() for each in planned.not_possible], ("setup", "kind", "reason"))
    if planned.jobs:
        metadata["jobs"] = job_table(planned.jobs, planned.costs)
    if acceptance := _acceptance(planned):
        metadata["target_acceptance"] = table(acceptance, ("trainer", "verdict", "because"))
    if jobs:
        metadata |= _config(jobs[0], lake)
    return metadata | {"dagster/row_count": len(planned.made)}


def _config(job: Job, lake: Lake) -> Metadata:
    """The first trainer's file, and the place of all."""
    from pipeline.trainers.rendered import renderer

    target = renderer(job.targets[0], job.job.get("objective", "sft"))  # type: ignore[arg-type]  # the catalog keeps texts
    name = f"{target.name}/{target.documents[0].file}"
    with lake.fetch_job_file(job.id, name) as path:
        lines = path.read_text("utf-8").splitlines()
    # Comments are in the file; without them the UI shows most configs inline.
    text = "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {
        "trainer": target.version,
        "config": dg.MetadataValue.md(f"{code(name)}\n{block(text)}"),
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
        metadata["basis"] = dg.MetadataValue.md(
            "\n".join(f"- {inline(each)}" for each in estimates[0].basis[:SHOWN_BASIS])
        )
        if estimates[0].cost_usd is not None:
            metadata["cost_usd"] = round(estimates[0].cost_usd, 4)
    metadata["costs"] = cost_table(records)
    return metadata | {"dagster/row_count": len(records)}


def _costs(planned: Planned) -> list[CostRecord]:
    return [record for job in planned.planned_jobs for record in planned.costs[job.id]]
