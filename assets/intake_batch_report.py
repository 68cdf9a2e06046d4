"""What a partition that is a batch shows: its datasets, a row each, and what they are together.

Those that were deleted, or replaced by a newer upload, have their rows and count for nothing else, as in the warehouse.
All of it is read from catalog and lake when it is told, so that it is true of the batch whichever of its datasets a run
was about. What a dataset shows that is a partition of its own is in `validated_report.py`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import dagster as dg

from assets.partition_events import Judged, Metadata, evaluation, first_of, materialization, origin_tags, table
from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.row_places import place_of
from pipeline.dataset.profiles.profile_checks import CHECKS, Report
from pipeline.errors import LakeError
from pipeline.flow.validation import CODE_VERSION, Outcome
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.lake import Lake
from pipeline.state.store import Store
from pipeline.wording import count_of, cut

_MOST_CHARS = 200
_SHOWN_FINDINGS = 3  # of a dataset
_MOST_FINDINGS = 100
# Few, so that the UI shows all of them at 1,280 pixels: an id begins with the name.
_COLUMNS = ("dataset", "verdict", "why", "conversations", "rejected_lines")
_READY_COLUMNS = ("dataset", "owner", "conversations", "tokens")
_UPLOAD_COLUMNS = ("dataset", "owner", "size_bytes", "uri")
_FINDING_COLUMNS = ("dataset", "line", "code", "message")

BatchState: TypeAlias = frozenset[tuple[str, str, str | None]]


def batch_of_uploads(key: str, datasets: Sequence[Dataset], store: Store) -> dg.AssetMaterialization:
    """What Dagster is told of a batch's uploads, which it did not make."""
    rows = [
        {"dataset": each.id, "owner": each.user_id, "size_bytes": each.file_size, "uri": store.uri(each.storage_path)}
        for each in datasets
    ]  # fmt: skip
    metadata: Metadata = {
        "dagster/row_count": len(datasets),
        "size_bytes": sum(each.file_size for each in datasets),
        "datasets": table(rows, _UPLOAD_COLUMNS, integers=("size_bytes",)),
    }
    return dg.AssetMaterialization(
        "uploads", partition=key, metadata=metadata, tags={"dagster/data_version": _bytes_of(datasets)}
    )


def with_last(datasets: Iterable[Dataset], last: Outcome | None) -> list[Dataset]:
    """The datasets as they are when the last outcome is noted as well."""
    return [_decided(each, last) if last and each.id == last.dataset.id else each for each in datasets]


def state_of(datasets: Iterable[Dataset]) -> BatchState:
    """What is told of a batch is another where this is."""
    return frozenset((each.id, each.status, each.run_id) for each in datasets)


def _decided(dataset: Dataset, outcome: Outcome) -> Dataset:
    verdict = outcome.verdict()
    return replace(
        dataset,
        status=verdict.status,
        run_id=verdict.run_id,
        conversation_count=verdict.conversation_count,
        total_tokens=verdict.total_tokens,
        line_count=verdict.line_count,
        rejected_line_count=verdict.rejected_line_count,
        content_sha256=verdict.content_sha256,
        validation_errors=verdict.validation_errors,
        failure=None,
    )


def batch_materializations(
    key: str, datasets: Sequence[Dataset], service_url: str
) -> Iterator[dg.AssetMaterialization]:
    """What Dagster is told of a batch, the verdicts last; where none is ready it has no conversations."""
    rows = [_row(each) for each in datasets]
    ready = [row for row in rows if row["verdict"] == "ready"]
    uploaded = {"uploads": _bytes_of(datasets)}
    summary = _summary(datasets)
    if ready:
        yield _event("conversations", key, summary, datasets, uploaded, _listed(ready, "conversations", _READY_COLUMNS))
    yield _event("findings", key, summary, datasets, uploaded, _finding_metadata(datasets))
    read = {"conversations": _version(datasets), "findings": _version(datasets)}
    counts: Metadata = dict(Counter(str(row["verdict"]) for row in rows))
    told = {"summary": summary, **counts, **_listed(rows, "lines", _COLUMNS), **_pages(datasets, service_url)}
    yield _event("dataset_profiles", key, summary, datasets, read, told)


def batch_evaluations(
    key: str, datasets: Sequence[Dataset], lake: Lake, judged: Judged | None
) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of every check over the datasets that have a verdict; none where their profiles cannot be read."""
    try:
        reports = profile_reports(lake, [each.id for each in judged_of(datasets)])
    except LakeError:
        return  # what is lost is validated again, and tells of the batch then
    for check in CHECKS:
        decided, figures = combined({each: check.decide(report) for each, report in reports.items()})
        yield evaluation("dataset_profiles", check, decided, key, judged, figures)


def judged_of(datasets: Iterable[Dataset]) -> list[Dataset]:
    """Those whose verdict counts."""
    return [each for each in datasets if _verdict(each) in ("ready", "error")]


def profile_reports(lake: Lake, ids: Sequence[str]) -> dict[str, Report]:
    """What checks judge, by dataset, of those that have files in the lake.

    Raises:
        LakeError: they cannot be read.
    """
    published = lake.holdings("profiles", ids)  # the last of a dataset's files; of S3 many at a time
    there = [each for each in ids if each in published]
    return dict(zip(there, lake.read_profiles(there).to_pylist(), strict=True)) if there else {}


def combined(decided: Mapping[str, tuple[bool, str]]) -> tuple[tuple[bool, str], dict[str, int | float]]:
    """One result of a check for many datasets, which names those that fail, and its figures."""
    failing = {each: said for each, (passed, said) in decided.items() if not passed}
    figures: dict[str, int | float] = {"datasets": len(decided), "failing": len(failing)}
    if not failing:
        passing = "all of them pass" if decided else "none is there to be judged"
        return (True, f"{count_of(len(decided), 'dataset')}, {passing}"), figures
    named = first_of([f"{each}: {said}" for each, said in failing.items()])
    return (False, f"{len(failing):,} of {count_of(len(decided), 'dataset')} fail: {named}"), figures


def _event(
    asset: str, key: str, summary: str, datasets: Sequence[Dataset], inputs: Mapping[str, str], metadata: Metadata
) -> dg.AssetMaterialization:
    return materialization(asset, key, summary, _version(datasets), origin_tags(CODE_VERSION, inputs), metadata)


def _summary(datasets: Sequence[Dataset]) -> str:
    counts = Counter(_verdict(each) for each in datasets)
    return f"{count_of(len(datasets), 'dataset')}: {', '.join(f'{count:,} {each}' for each, count in counts.items())}"


def _verdict(dataset: Dataset) -> str:
    if dataset.deleted_at:
        return "deleted"
    return "replaced" if dataset.superseded_by else dataset.status


def _row(dataset: Dataset) -> dict[str, object]:
    return {
        "dataset": dataset.id,
        "owner": dataset.user_id,
        "verdict": _verdict(dataset),
        "conversations": dataset.conversation_count,
        "tokens": dataset.total_tokens,
        "lines": dataset.line_count,
        "rejected_lines": dataset.rejected_line_count,
        "why": cut(_why(dataset), _MOST_CHARS),
    }


def _why(dataset: Dataset) -> str:
    if dataset.failure:
        return dataset.failure
    first = FindingRecord.first_of(dataset.validation_errors) if _verdict(dataset) == "error" else None
    return f"{place_of(first)}: {first.code}" if first else ""


def _listed(rows: Sequence[Mapping[str, object]], counted: str, columns: Sequence[str]) -> Metadata:
    """Rows as a table, with the sum of a column as the count that Dagster plots."""
    integers = ("conversations", "tokens", "lines", "rejected_lines")
    counts = [row[counted] for row in rows]
    return {
        "dagster/row_count": sum(each for each in counts if isinstance(each, int)),
        "datasets": table(rows, columns, integers),
    }


def _pages(datasets: Sequence[Dataset], service_url: str) -> Metadata:
    """The address of each dataset's page, where somebody said where the pages are."""
    rows = [{"page": f"{service_url.rstrip('/')}/datasets/{each.id}"} for each in datasets if service_url]
    return {"pages": table(rows, ("page",))} if rows else {}


def _finding_metadata(datasets: Sequence[Dataset]) -> Metadata:
    """Of each dataset the first findings; all are in the lake, and on its page."""
    judged = judged_of(datasets)
    rows = [
        {"dataset": each.id, "line": found.line, "code": found.code, "message": found.message}
        for each in judged
        for found in map(FindingRecord.of, (each.validation_errors or [])[:_SHOWN_FINDINGS])
    ]
    metadata: Metadata = {"rejected_lines": sum(each.rejected_line_count or 0 for each in judged)}
    if rows:
        metadata["first_findings"] = table(rows[:_MOST_FINDINGS], _FINDING_COLUMNS, integers=("line",))
    return metadata


def _bytes_of(datasets: Sequence[Dataset]) -> str:
    return digest((each.id, each.content_version) for each in datasets)


def _version(datasets: Sequence[Dataset]) -> str:
    return digest((each.id, each.content_sha256 or each.content_version) for each in datasets)


def digest(parts: Iterable[object]) -> str:
    """A version of something, which is another where any part is."""
    return hashlib.sha256(json.dumps(list(parts), default=str).encode()).hexdigest()
