"""What the events of single partitions are made of: check results, tags of origin, tables. What they say is next door.

Events are logged one by one, because a run over many partitions would mark all of them alike: a rejected dataset must
not look like a ready one.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dagster as dg

from pipeline.dataset.profiles.profile_checks import Check, Figures
from pipeline.flow.generation.batch_checks import BatchCheck
from pipeline.flow.job_checks import JobCheck
from pipeline.flow.training_checks import TrainingCheck
from resources.dagster_internals import AssetCheckEvaluationTargetMaterializationData
from resources.event_statements import EventStatements

AnyCheck = Check | JobCheck | TrainingCheck | BatchCheck
Judged = AssetCheckEvaluationTargetMaterializationData
_NAMED = 5  # datasets of a batch that a check names
Metadata = dict[str, dg.MetadataValue[Any] | str | int | float]


def evaluation(
    asset: str,
    check: AnyCheck,
    decided: tuple[bool, str],
    dataset_id: str,
    judged: Judged | None,
    figures: Figures,
) -> dg.AssetCheckEvaluation:
    """The result of one check for one partition. judged: what it is about, as `newest_materialization` finds it.

    figures: numbers, of which the UI makes plots over time.

    Dagster 1.13 leaves a partitioned check of a run over a range planned for ever, so results are logged with their
    partition; a test fails on the day that this is no longer needed.
    """
    passed, description = decided
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=check.name,
        passed=passed,
        severity=severity_of(check),
        description=description,
        metadata={name: dg.MetadataValue.float(float(value)) for name, value in figures.items()},
        partition=dataset_id,
        target_materialization_data=judged,
    )


def severity_of(check: AnyCheck) -> dg.AssetCheckSeverity:
    """How Dagster shows that the check failed."""
    return dg.AssetCheckSeverity.ERROR if check.is_error else dg.AssetCheckSeverity.WARN


def first_of(said: Sequence[str], more: str = "more") -> str:
    """What is said of the first few, and of how many it could be said as well. more: what those are called."""
    rest = f"; and {len(said) - _NAMED:,} {more}" if len(said) > _NAMED else ""
    return f"{'; '.join(said[:_NAMED])}{rest}"


def newest_materialization(
    instance: dg.DagsterInstance, asset: str, dataset_id: str, run_id: str = ""
) -> Judged | None:
    """The last materialization of a partition: the UI shows a result only beside the one that it judged.

    run_id: of the run that asks; where it told of one, that is what it judges.
    """
    storage = instance.event_log_storage
    if run_id and isinstance(storage, EventStatements) and (told := storage.told_by(run_id, asset, dataset_id)):
        return told
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[dataset_id])
    for record in instance.fetch_materializations(wanted, limit=1).records:
        return Judged(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)
    return None


def materialization(
    asset: str,
    partition: str,
    summary: str,
    version: str,
    tags: Mapping[str, str],
    metadata: Metadata,
) -> dg.AssetMaterialization:
    """What Dagster is told of an asset's partition. version: of its data. tags: `origin_tags` and others."""
    return dg.AssetMaterialization(
        asset_key=asset,
        partition=partition,
        description=summary,
        metadata=metadata,
        tags={"dagster/data_version": version, **tags},
    )


def origin_tags(code_version: str, inputs: Mapping[str, str]) -> dict[str, str]:
    """What an asset was made by and from, as Dagster writes it itself for values that a step returns.

    With it the UI shows what is out of date. inputs: data version of each asset.
    """
    return {"dagster/code_version": code_version} | {
        f"dagster/{kind}/{asset}": value
        for asset, version in inputs.items()
        for kind, value in (("input_data_version", version), ("input_event_pointer", "NULL"))
    }


def table(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], integers: Collection[str] = ()
) -> dg.TableMetadataValue:
    """Some columns of rows as a table of the UI; what is neither text nor number is left empty."""
    records = [dg.TableRecord({name: _cell(row[name]) for name in columns}) for row in rows]
    shown = [dg.TableColumn(name, "int" if name in integers else "string") for name in columns]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(shown))


def _cell(value: object) -> str | int | float:
    return value if isinstance(value, str | int | float) else ""
