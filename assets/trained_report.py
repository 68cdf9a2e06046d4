"""What a trained job shows on the pages of its model, its evaluation and its cost."""

from collections.abc import Iterator, Sequence

import dagster as dg

from assets.partition_events import Metadata, evaluation, newest_materialization, table
from assets.trained_specs import ACTUAL_COSTS, ADAPTERS, EVALUATIONS
from pipeline.flow.closed import Closed
from pipeline.flow.training_checks import TRAINING_RUN_CHECKS
from pipeline.flow.training_pictures import cost_chart, loss_chart
from pipeline.state.catalog.attempt_records import Series
from pipeline.trainers.markdown_text import block

_LOG_LINES = 20


def closed_events(closed: Closed, series: Sequence[Series]) -> Iterator[dg.AssetMaterialization | dg.AssetObservation]:
    """A materialization of what was made; what failed is an observation, for it made nothing."""
    curve = loss_chart(series)
    if closed.model is not None:
        yield _made(ADAPTERS, closed, closed.model.manifest_sha256, _model_metadata(closed, curve))
    else:
        yield dg.AssetObservation(
            ADAPTERS,
            partition=closed.job.id,
            description=closed.attempt.state_reason or closed.attempt.state,
            metadata=_failure_metadata(closed, curve),
        )
    if closed.evaluations:
        version = ",".join(f"{each.moment}-{each.name}={each.value!r}" for each in closed.evaluations)
        yield _made(EVALUATIONS, closed, version, _evaluation_metadata(closed, curve))
    if closed.cost is not None:
        yield _made(ACTUAL_COSTS, closed, closed.cost.id, _cost_metadata(closed))


def check_results(closed: Closed, instance: dg.DagsterInstance) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of each check; one on something that was not made says so by failing or by not being known."""
    for check in TRAINING_RUN_CHECKS:
        judged = newest_materialization(instance, check.asset, closed.job.id)
        yield evaluation(check.asset, check, check.decide(closed), closed.job.id, judged, check.figures(closed))


def _made(asset: str, closed: Closed, version: str, metadata: Metadata) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=asset,
        partition=closed.job.id,
        description=f"{closed.job.name}, attempt {closed.attempt.number}",
        metadata=metadata,
        tags={"dagster/data_version": f"{closed.attempt.id}-{version}"[:200]},
    )


def _model_metadata(closed: Closed, curve: str | None) -> Metadata:
    model = closed.model
    metadata = _attempt_metadata(closed, curve)
    if model is not None:
        files = [{"file": name, **each} for name, each in model.files.items()]
        metadata["files"] = table(files, ("file", "size_bytes", "sha256"), ("size_bytes",))
        metadata["size_bytes"] = model.size_bytes
        metadata["manifest_sha256"] = model.manifest_sha256
        metadata["dagster/uri"] = model.files_uri
    return metadata


def _failure_metadata(closed: Closed, curve: str | None) -> Metadata:
    metadata = _attempt_metadata(closed, curve)
    if closed.attempt.log_tail:
        lines = closed.attempt.log_tail.rstrip().splitlines()[-_LOG_LINES:]
        metadata["log"] = dg.MetadataValue.md(block("\n".join(lines)))
    return metadata


def _attempt_metadata(closed: Closed, curve: str | None) -> Metadata:
    attempt = closed.attempt
    metadata: Metadata = {"summary": f"attempt {attempt.number} is {attempt.state}"}
    if curve:
        metadata["losses"] = dg.MetadataValue.md(curve)
    known = {
        "attempt": attempt.id,
        "launcher": attempt.launcher,
        "trainer": attempt.trainer,
        "steps": attempt.step,
        "reason": attempt.state_reason,
        "failure": attempt.failure_class,
        "dataset": closed.job.dataset_id,
        "split_fingerprint": closed.job.split_fingerprint,
    }
    return metadata | {name: value for name, value in known.items() if value is not None}


def _evaluation_metadata(closed: Closed, curve: str | None) -> Metadata:
    rows = [
        {"moment": each.moment, "name": each.name, "value": each.value, "rows": each.rows or ""}
        for each in closed.evaluations
    ]
    metadata: Metadata = {"evaluations": table(rows, ("moment", "name", "value", "rows"))}
    for each in closed.evaluations:
        metadata[f"{each.name}_{each.moment}"] = each.value
    return metadata | ({"losses": dg.MetadataValue.md(curve)} if curve else {})


def _cost_metadata(closed: Closed) -> Metadata:
    cost, estimate = closed.cost, closed.estimate
    metadata: Metadata = {}
    if cost is not None:
        if chart := cost_chart(cost, estimate):
            metadata["cost"] = dg.MetadataValue.md(chart)
        known = {"cost_usd": cost.cost_usd, "hours": cost.hours, "source": cost.source, "provider": cost.provider}
        metadata |= {name: value for name, value in known.items() if value is not None}
    if estimate is not None and estimate.cost_usd is not None:
        metadata["expected_cost_usd"] = round(estimate.cost_usd, 4)
    return metadata
