"""What a dataset looks like in the list: badge, figures, the error in words, and what one can do with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.contract.finding_record import FindingRecord
from pipeline.dataset.findings.row_places import place_of
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.statuses import Status
from pipeline.wording import ago, compact, iso, sentence, size, time_of_day

Tone = Literal["info", "warning", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A status as people see it."""

    label: str
    tone: Tone
    is_moving: bool = False
    """Something happens just now."""


@dataclass(frozen=True, slots=True)
class When:
    """A moment: exact for machines, rough for people."""

    iso: str
    ago: str


@dataclass(frozen=True, slots=True)
class Stat:
    """One figure."""

    label: str
    value: str
    exact: str
    """The same without rounding, for who points at it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a dataset is not ready: the summary, then the first finding."""

    summary: str
    detail: str = ""
    code: str = ""
    """Empty where there is no finding."""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """A dataset in the list."""

    id: str
    name: str
    status: Status
    badge: Badge
    file_name: str
    size: str
    format: str
    created: When
    stats: tuple[Stat, ...]
    problem: Problem | None
    note: str
    can_train: bool
    is_deleted: bool

    @property
    def is_live(self) -> bool:
        """Whether it will change by itself."""
        return self.status in LIVE


LIVE: tuple[Status, ...] = ("uploading", "validating", "failed")
BADGES: dict[Status, Badge] = {
    "uploading": Badge("Uploading", "info"),
    "validating": Badge("Validating", "warning", is_moving=True),
    "ready": Badge("Ready", "good"),
    "error": Badge("Error", "bad"),
    "failed": Badge("Not validated", "bad"),
}
_NOTES: dict[Status, str] = {
    "uploading": "Waiting for the rest of the file. An upload that breaks off can be resumed.",
    "validating": "Reading every line. This page follows along.",
    "ready": "",
    "error": "",
    "failed": "",
}


def dataset_card(dataset: Dataset, now: datetime) -> DatasetCard:
    """The card of a dataset."""
    return DatasetCard(
        id=dataset.id,
        name=dataset.name,
        status=dataset.status,
        badge=BADGES[dataset.status],
        file_name=dataset.file_name,
        size=size(dataset.file_size),
        format=dataset.format or "",
        created=when(dataset.created_at, now),
        stats=stats(dataset),
        problem=problem(dataset),
        note=_NOTES[dataset.status],
        can_train=dataset.training_ready and dataset.deleted_at is None and dataset.superseded_by is None,
        is_deleted=dataset.deleted_at is not None,
    )


def when(time: datetime, now: datetime) -> When:
    """Both forms of a moment."""
    return When(iso(time), ago(time, now))


def stats(dataset: Dataset) -> tuple[Stat, ...]:
    """The three figures that tell most; none before the verdict, nor of a file that could not be read."""
    if dataset.status not in ("ready", "error") or not dataset.line_count:
        return ()
    named: tuple[tuple[str, int | None], ...]
    if dataset.status == "error":
        named = (
            ("lines", dataset.line_count),
            ("rejected", dataset.rejected_line_count),
            ("conversations", dataset.conversation_count),
        )
    else:
        named = (
            ("conversations", dataset.conversation_count),
            ("answers to learn", dataset.answers_to_learn),
            ("tokens", dataset.total_tokens),
        )
    return tuple(Stat(label, compact(count or 0), f"{count or 0:,}") for label, count in named)


def problem(dataset: Dataset) -> Problem | None:
    """Why it is not ready, or why its validation does not come to an end; None where all is well."""
    if dataset.status == "validating" and dataset.failure:
        return Problem(f"Validation was interrupted and is tried again{_at(dataset)}.", sentence(dataset.failure))
    if dataset.status == "failed":
        summary = f"The service failed, not your file. It is tried again{_at(dataset)}."
        return Problem(summary, sentence(dataset.failure or ""))
    if dataset.status != "error":
        return None
    first = FindingRecord.first_of(dataset.validation_errors)
    code, message = (first.code, first.message) if first else ("", "")
    if not dataset.rejected_line_count:  # the fault is the file's as a whole
        return Problem(sentence(message) or sentence(dataset.failure or "It could not be validated"), code=code)
    rejected, lines = dataset.rejected_line_count, dataset.line_count or 0
    return Problem(
        f"{_of_all(rejected, lines)} rejected.",
        sentence(f"{place_of(first)}: {message}") if first else "",
        code,
    )


def _at(dataset: Dataset) -> str:
    return f" at {time_of_day(dataset.retry_at)}" if dataset.retry_at else ""


def _of_all(rejected: int, lines: int) -> str:
    if rejected == lines:
        return "The only line is" if lines == 1 else f"All {lines:,} lines are"
    return f"{rejected:,} of {lines:,} lines {'is' if rejected == 1 else 'are'}"
