"""What a validated dataset shows on its asset pages: materialisations, figures, a picture, check results.

Events are logged one by one with their partition; why is in `partition_events.py`.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.partition_events import Judged, Metadata, evaluation, materialization, origin_tags, table
from pipeline.contract.marked_line import MarkedLine
from pipeline.dataset.findings.path_words import path_in_words
from pipeline.dataset.findings.plain_sentences import plain_sentence
from pipeline.dataset.profiles.profile_checks import CHECKS
from pipeline.dataset.profiles.profile_pictures import words_per_turn_chart
from pipeline.flow.validation import CODE_VERSION, Outcome

SHOWN_REASONS = 2
_RATED_BYTES = 1_000_000  # below, the time goes into opening and closing files, and a rate says nothing
_FINDING_COLUMNS = ("row", "line", "code", "severity", "meaning", "where", "text", "message")
_ACCEPTANCE_COLUMNS = ("trainer", "verdict", "convert_to", "rows_dropped", "rows_truncated", "because")


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
        yield evaluation(
            "dataset_profiles", check, check.decide(report), outcome.dataset.id, judged, check.figures(report)
        )


def _materialization(asset: str, outcome: Outcome, metadata: Metadata) -> dg.AssetMaterialization:
    uri = outcome.lake_uris["profiles" if asset == "dataset_profiles" else asset]
    version = outcome.profile.content_sha256 or outcome.dataset.content_version or "unknown"
    # A rejected dataset has no conversations; INITIAL is Dagster's word for an input that is not there.
    read = {"conversations": version if outcome.is_ready else "INITIAL", "findings": version}
    uploaded = {"uploads": outcome.dataset.content_version or "unknown"}
    origin = origin_tags(CODE_VERSION, read if asset == "dataset_profiles" else uploaded)
    shown: Metadata = {**metadata, "parquet": dg.MetadataValue.path(uri), "dagster/uri": uri}  # a path can be copied
    tags = {"lora/status": outcome.profile.status, **origin}
    return materialization(asset, outcome.dataset.id, outcome.summary(), version, tags, shown)


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
    """The first ones; `text` is a piece of the line, with what is wrong between ⟦ and ⟧."""
    unit = outcome.profile.reading.row_name
    rows = [
        {
            **found,
            "meaning": plain_sentence(found["code"]),
            "where": path_in_words(found["path"], found["code"], unit, found["column"]),
            "text": _marked(line),
        }
        for found, line in zip(outcome.shown_findings, outcome.lines, strict=True)
    ]
    return table(rows, _FINDING_COLUMNS, integers=("row", "line"))


def _marked(line: MarkedLine | None) -> str | None:
    if line is None:
        return None
    return line.before if line.column is None else f"{line.before}⟦{line.marked}⟧{line.after}"


def _acceptance_table(outcome: Outcome) -> dg.TableMetadataValue:
    """One row a trainer: its verdict and the first reason."""
    rows = [
        {
            "trainer": row.title,
            "verdict": row.verdict.value,
            "convert_to": row.needs_conversion,
            "rows_dropped": row.rows_dropped,
            "rows_truncated": row.rows_truncated,
            "because": " ".join(reason.sentence for reason in row.reasons[:SHOWN_REASONS]),
        }
        for row in outcome.acceptance
    ]
    return table(rows, _ACCEPTANCE_COLUMNS, integers=("rows_dropped", "rows_truncated"))


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
    if outcome.acceptance:
        metadata["target_acceptance"] = _acceptance_table(outcome)
    places: Metadata = {"owner": outcome.dataset.user_id, "upload": dg.MetadataValue.path(outcome.upload_uri)}
    return metadata | _figures(outcome) | findings | places


def _figures(outcome: Outcome) -> Metadata:
    profile, counts = outcome.profile, outcome.profile.statistics
    figures: Metadata = {
        "format": f"{profile.reading.form.name}: {profile.reading.why}",
        "answers_to_learn": counts.answers_to_learn,
        "conversations": counts.conversations,
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
