"""What a validated dataset shows on its asset pages: materialisations, figures, a picture, check results.

Events are logged one by one, because a run over many partitions would mark all of them alike: a rejected dataset must
not look like a ready one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (  # public in arguments, not in name
    AssetCheckEvaluationTargetMaterializationData as Judged,
)

from pipeline.profiles.checks import CHECKS, Check, Report
from pipeline.profiles.pictures import words_per_turn_chart
from pipeline.validation import CODE_VERSION, Outcome

SHOWN_FINDINGS = 10
SHOWN_REASONS = 2
Metadata = dict[str, dg.MetadataValue[Any] | str | int | float]
_PROFILES = dg.AssetKey("dataset_profiles")
_RATED_BYTES = 1_000_000  # below, the time goes into opening and closing files, and a rate says nothing
_FINDING_COLUMNS = ("line", "code", "severity", "path", "message")


def materializations(outcome: Outcome, card: Path, service_url: str) -> Iterator[dg.AssetMaterialization]:
    """What Dagster is told of a dataset's tables, the profile last.

    card: the file about it; service_url: where the pages are, empty where nobody said.
    """
    if outcome.is_ready:
        yield _materialization("conversations", outcome, _conversation_metadata(outcome))
    yield _materialization("findings", outcome, _finding_metadata(outcome))
    yield _materialization("dataset_profiles", outcome, _profile_metadata(outcome, card, service_url))


def evaluations(outcome: Outcome, judged: Judged | None) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of every check of a dataset. judged: its newest profile, as `newest_materialization` finds it."""
    report = outcome.profile.as_dict(outcome.dataset.storage_path)
    for check in CHECKS:
        yield evaluation(check, report, outcome.dataset.id, judged)


def evaluation(check: Check, report: Report, dataset_id: str, judged: Judged | None = None) -> dg.AssetCheckEvaluation:
    """The result of one check for one partition.

    Dagster 1.13 leaves a partitioned check of a run over a range planned for ever, so results are logged with their
    partition here; a test fails on the day that this is no longer needed.
    """
    passed, description = check.decide(report)
    return dg.AssetCheckEvaluation(
        asset_key=_PROFILES,
        check_name=check.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if check.is_error else dg.AssetCheckSeverity.WARN,
        description=description,
        partition=dataset_id,
        target_materialization_data=judged,
    )


def newest_materialization(instance: dg.DagsterInstance, asset: str, dataset_id: str) -> Judged | None:
    """The last materialization of a partition: the UI shows a result only beside the one that it judged."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[dataset_id])
    for record in instance.fetch_materializations(wanted, limit=1).records:
        return Judged(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)
    return None


def _materialization(asset: str, outcome: Outcome, metadata: Metadata) -> dg.AssetMaterialization:
    table = "profiles" if asset == "dataset_profiles" else asset
    version = outcome.profile.content_sha256 or outcome.dataset.content_version or "unknown"
    return dg.AssetMaterialization(
        asset_key=asset,
        partition=outcome.dataset.id,
        description=outcome.summary(),
        metadata={
            **metadata,
            "parquet": dg.MetadataValue.path(outcome.lake_uris[table]),  # with a button to copy it
            "dagster/uri": outcome.lake_uris[table],
        },
        tags={"dagster/data_version": version, "lora/status": outcome.profile.status, **_provenance(asset, outcome)},
    )


def _provenance(asset: str, outcome: Outcome) -> dict[str, str]:
    """What it was made from, as Dagster writes it itself for values that a step returns.

    With it the UI shows what is out of date: after other bytes, or after a change of CODE_VERSION.
    """
    version = outcome.profile.content_sha256 or outcome.dataset.content_version or "unknown"
    versions = {
        "uploads": outcome.dataset.content_version or "unknown",
        "conversations": version if outcome.is_ready else "INITIAL",  # Dagster's word for an input that is not there
        "findings": version,
    }
    inputs = {"dataset_profiles": ("conversations", "findings")}.get(asset, ("uploads",))
    return {"dagster/code_version": CODE_VERSION} | {
        f"dagster/{kind}/{name}": value
        for name in inputs
        for kind, value in (("input_data_version", versions[name]), ("input_event_pointer", "NULL"))
    }


def _conversation_metadata(outcome: Outcome) -> Metadata:
    counts = outcome.profile.statistics
    return {
        "dagster/row_count": counts.conversations,
        "turns": counts.turns,
        "turns_uri": dg.MetadataValue.path(outcome.lake_uris["turns"]),
        "words_per_turn": dg.MetadataValue.md(words_per_turn_chart(counts.words_per_turn)),
    }


def _finding_metadata(outcome: Outcome) -> Metadata:
    profile = outcome.profile
    metadata: Metadata = {"dagster/row_count": profile.finding_counts.total()}
    if profile.findings:
        metadata["by_code"] = dg.MetadataValue.json(dict(profile.finding_counts))
        metadata["first_findings"] = _finding_table(outcome)
    return metadata


def _finding_table(outcome: Outcome) -> dg.TableMetadataValue:
    rows = outcome.profile.errors or outcome.profile.findings
    records = [dg.TableRecord({name: row[name] for name in _FINDING_COLUMNS}) for row in rows[:SHOWN_FINDINGS]]
    columns = [dg.TableColumn(name, "int" if name == "line" else "string") for name in _FINDING_COLUMNS]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))


def _acceptance_table(outcome: Outcome) -> dg.TableMetadataValue:
    """One row a trainer: its verdict and the first reason."""
    records = [
        dg.TableRecord(
            {
                "trainer": row.title,
                "verdict": row.verdict.value,
                "convert_to": row.needs_conversion or "",
                "rows_dropped": row.rows_dropped,
                "rows_truncated": row.rows_truncated,
                "because": " ".join(reason.sentence for reason in row.reasons[:SHOWN_REASONS]),
            }
        )
        for row in outcome.profile.acceptance
    ]
    columns = [
        dg.TableColumn(name, "int" if name.startswith("rows") else "string")
        for name in ("trainer", "verdict", "convert_to", "rows_dropped", "rows_truncated", "because")
    ]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))


def _profile_metadata(outcome: Outcome, card: Path, service_url: str) -> Metadata:
    """What a person wants to know first, first: the UI keeps the order. Errors stand above all figures."""
    profile, counts = outcome.profile, outcome.profile.statistics
    findings: Metadata = {"first_findings": _finding_table(outcome)} if profile.findings else {}
    metadata: Metadata = {"verdict": profile.status, "summary": outcome.summary()}
    if profile.errors:
        metadata |= findings
    metadata["card"] = dg.MetadataValue.path(str(card))
    if service_url:
        metadata["page"] = dg.MetadataValue.url(f"{service_url.rstrip('/')}/datasets/{outcome.dataset.id}")
    if counts.turns:
        metadata["words_per_turn"] = dg.MetadataValue.md(words_per_turn_chart(counts.words_per_turn))
    if profile.acceptance:
        metadata["target_acceptance"] = _acceptance_table(outcome)
    return metadata | _figures(outcome) | findings | _places(outcome)


def _figures(outcome: Outcome) -> Metadata:
    profile, counts = outcome.profile, outcome.profile.statistics
    figures: Metadata = {
        "format": f"{profile.reading.form.name}: {profile.reading.why}",
        "conversations": counts.conversations,
        "training_pairs": counts.training_pairs,
        "tokens": profile.token_count,
        "token_method": profile.token_method,
        "lines": counts.lines,
        "rejected_lines": counts.rejected_lines,
        "size_bytes": profile.size_bytes,
        "duration_s": round(outcome.duration_s, 3),
    }
    if profile.nearness:
        figures["near_duplicate_conversations"] = profile.nearness.near_duplicate_conversations
        figures["validation_conversations"] = profile.nearness.split.validation_conversations
    if profile.size_bytes >= _RATED_BYTES:
        figures["rate_mb_per_s"] = round(profile.size_bytes / 1e6 / outcome.duration_s, 1)
    return figures


def _places(outcome: Outcome) -> Metadata:
    return {"owner": outcome.dataset.user_id, "upload": dg.MetadataValue.path(outcome.upload_uri)}
