"""The page of a batch of conversations: how far it is, what it costs, what came to nothing, and what can be done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from pipeline.contract.generation_values import BatchDetails, FailedGeneration, OpenSubmission
from pipeline.contract.training_file_values import TrainingFileSummary
from pipeline.service.pages.batch_figures import STATES, BatchLine, batch_line, money_said
from pipeline.service.pages.batch_matrix import Matrix, matrix_of
from pipeline.service.pages.dataset_card import Tone, When, when
from pipeline.service.pages.generation_estimate import PURPOSES
from pipeline.service.pages.made_names import ScaffoldNames
from pipeline.service.pages.pager import Pager, pager
from pipeline.state.catalog.statuses import ENDED_ITEMS, OPEN_BATCHES, BatchStatus, FailureType, ItemState
from pipeline.wording import count_of, sentence, time_of_day

FAILURES_PAGE = 5
_RAW_CHARACTERS = 6_000  # of an answer; the API gives the whole
FAILURES: dict[FailureType, str] = {
    "truncation": "Cut off",
    "parse_error": "Not readable",
    "validation_error": "Not as asked",
    "refusal": "Refused",
    "api_error": "Provider's error",
    "unknown": "Not known",
}
_TOLD: dict[BatchStatus, tuple[Tone, str, str]] = {
    "planned": ("info", "Planned", "It costs nothing until it is started."),
    "running": ("info", "Being made", "It goes on by itself; this page follows along."),
    "paused": ("warning", "Paused", "No model is asked until it goes on."),
    "completed": ("good", "Completed", ""),
    "cancelled": ("info", "Cancelled", "What was written stays, to be reviewed."),
}
_STARTS: dict[BatchStatus, str] = {"planned": "Start", "paused": "Go on", "running": "Change the budget"}


@dataclass(frozen=True, slots=True)
class StateCount:
    """Items in a state."""

    state: ItemState
    label: str
    count: int
    url: str
    """Their conversations, empty where they have none."""


@dataclass(frozen=True, slots=True)
class PurposeLine:
    """What was asked for a purpose so far, and what it did cost."""

    label: str
    model: str
    calls: int
    cost: str


@dataclass(frozen=True, slots=True)
class FailureKind:
    """A link that narrows the failed draws to one kind; the first stands for all."""

    label: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FailureLine:
    """A draw that came to nothing."""

    number: int
    kind: str
    purpose: str
    what: str
    detail: str
    stop_reason: str
    raw: str
    """The answer as it came, cut."""
    more: str
    """What was cut off, in words."""
    at: When


@dataclass(frozen=True, slots=True)
class Failures:
    """The draws that came to nothing: their kinds, and one page of them."""

    total: int
    kinds: tuple[FailureKind, ...]
    lines: tuple[FailureLine, ...]
    pager: Pager


@dataclass(frozen=True, slots=True)
class FileLine:
    """A training file that conversations of the batch went into."""

    url: str
    name: str
    told: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Requests of which nobody knows whether they are at the provider."""

    id: str
    told: str
    since: When


@dataclass(frozen=True, slots=True)
class BatchPage:
    """The page."""

    line: BatchLine
    tone: Tone
    headline: str
    explanation: str
    states: tuple[StateCount, ...]
    matrix: Matrix
    calls: tuple[PurposeLine, ...]
    facts: tuple[tuple[str, str], ...]
    files: tuple[FileLine, ...]
    unsettled: tuple[Unsettled, ...]
    conversations_url: str
    build_url: str
    start: str
    """What the button that starts it says, empty where it cannot."""
    budget_usd: str
    """As it is, to be typed over."""
    refused: str
    """Why it was not started."""
    done: str
    """What was done a moment ago."""
    can_pause: bool
    can_cancel: bool
    retry_count: int
    calls_url: str
    has_begun: bool
    renew_url: str
    """Where its progress is asked for anew, empty where nothing changes by itself."""
    state: str
    """Changes with whatever stands around its progress."""


def batch_page(
    batch: BatchDetails, names: ScaffoldNames, now: datetime, *, is_own: bool, refused: str = "", done: str = ""
) -> BatchPage:
    """The page. is_own: who looks may change it."""
    line = batch_line(batch, now)
    tone, headline, explanation = _told(batch)
    has_begun = batch.started_at is not None
    goes_on = batch.status == "running" or bool(batch.submissions)
    return BatchPage(
        line=line,
        tone=tone,
        headline=headline,
        explanation=explanation,
        states=tuple(_states(batch)),
        matrix=matrix_of(batch.cells, names, is_plan=batch.status == "planned"),
        calls=tuple(_calls(batch)),
        facts=_facts(batch),
        files=tuple(_file(each) for each in batch.files),
        unsettled=tuple(_unsettled(each, now) for each in batch.submissions if _is_unsettled(batch, each)),
        conversations_url=_conversations(batch.id),
        build_url=f"/training-files/new?{urlencode({'batch_id': batch.id, 'name': batch.name}, errors='replace')}",
        start=_STARTS.get(batch.status, "") if is_own else "",
        budget_usd=f"{batch.budget_usd:.2f}".rstrip("0").rstrip(".") if batch.budget_usd >= 0.01 else "",
        refused=sentence(refused),
        done=done,
        can_pause=is_own and batch.status == "running",
        can_cancel=is_own and batch.status in OPEN_BATCHES,
        retry_count=batch.by_state.get("failed", 0) if is_own and has_begun else 0,
        has_begun=has_begun,
        calls_url=f"/api/generation/batches/{quote(batch.id)}/calls?format=csv" if batch.calls else "",
        renew_url=f"{line.url}/live" if goes_on else "",
        state=f"{batch.status} {sum(batch.failures.values())} {len(batch.submissions) if not goes_on else ''}".strip(),
    )


def failures_of(
    batch: BatchDetails,
    found: Sequence[FailedGeneration],
    kind: FailureType | None,
    page: int,
    names: ScaffoldNames,
    now: datetime,
) -> Failures:
    """The draws that came to nothing. found: those of the page asked for; kind: the one asked for, None for all."""
    counts, total = batch.failures, sum(batch.failures.values())

    def url(of: str | None, number: int = 1) -> str:
        asked = {"failure": of, "page": number if number > 1 else None}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/generation/{quote(batch.id)}{'?' if query else ''}{query}#failures"

    kinds = [FailureKind("All", total, url(None), kind is None)]
    kinds += [FailureKind(label, counts[of], url(of), of == kind) for of, label in FAILURES.items() if of in counts]
    shown = total if kind is None else counts.get(kind, 0)
    return Failures(
        total=total,
        kinds=tuple(kinds),
        lines=tuple(_failure(each, names, now) for each in found),
        pager=pager(page, shown, FAILURES_PAGE, lambda number: url(kind, number)),
    )


def _told(batch: BatchDetails) -> tuple[Tone, str, str]:
    tone, headline, usual = _TOLD[batch.status]
    if batch.status == "running" and batch.resume_at is not None:
        waits = f"Its provider is asked again at {time_of_day(batch.resume_at)}"
        return "warning", headline, f"{waits}: {sentence(batch.status_reason or 'it asked for patience')}"
    return tone, headline, sentence(batch.status_reason or "") or usual


def _states(batch: BatchDetails) -> Iterator[StateCount]:
    for state, label in STATES.items():
        if count := batch.by_state.get(state):
            yield StateCount(state, label, count, _of_state(batch, state))


def _of_state(batch: BatchDetails, state: ItemState) -> str:
    """Where the items are; of most that failed there is no conversation, but what came instead."""
    if state == "failed" and batch.failures:
        return "#failures"
    return _conversations(batch.id, state) if state in ENDED_ITEMS else ""


def _calls(batch: BatchDetails) -> list[PurposeLine]:
    models = {"generate": batch.model, "annotate": batch.annotating_model, "judge": batch.judging_model}
    return [
        PurposeLine(PURPOSES[each.purpose], models[each.purpose] or "", each.calls, money_said(each.cost_nano_usd))
        for each in batch.calls
    ]


def _facts(batch: BatchDetails) -> tuple[tuple[str, str], ...]:
    wish = batch.wish
    facts = (
        ("Asked of", f"{batch.provider}, {'in batches' if batch.is_batched else 'one by one'}"),
        ("Writes", batch.model),
        ("Annotates", batch.annotating_model or "nobody: what the writer says of its turns holds"),
        ("Judges", batch.judging_model or "nobody"),
        ("Seed", str(wish.get("seed", 0))),
        ("Language", batch.language or ""),
        ("Made good", count_of(batch.refills, "round") if batch.refills else ""),
        ("Plan", batch.plan_sha256),
        ("Identifier", batch.id),
    )
    return tuple((label, value) for label, value in facts if value)


def _file(file: TrainingFileSummary) -> FileLine:
    told = f"version {file.version}, {count_of(file.conversation_count, 'conversation')}"
    return FileLine(f"/training-files/{quote(file.id)}", file.name, told)


def _is_unsettled(batch: BatchDetails, submission: OpenSubmission) -> bool:
    """A person says what became of it only where nobody else can find out any more."""
    return batch.status == "paused" and submission.state == "sending"


def _unsettled(submission: OpenSubmission, now: datetime) -> Unsettled:
    requests = f"{count_of(submission.requests, 'request')} to {submission.purpose}"
    told = f"{requests}, {money_said(submission.reserved_nano_usd)} kept back"
    return Unsettled(submission.id, told, when(submission.sending_at or submission.created_at, now))


def _failure(found: FailedGeneration, names: ScaffoldNames, now: datetime) -> FailureLine:
    raw = found.raw_response or ""
    cut_off = len(raw) - _RAW_CHARACTERS
    return FailureLine(
        number=found.number,
        kind=FAILURES[found.failure_type],
        purpose=PURPOSES[found.purpose],
        what=names.what(found.persona, found.arc, found.topic),
        detail=sentence(found.detail),
        stop_reason=found.stop_reason or "",
        raw=raw[:_RAW_CHARACTERS],
        more=count_of(cut_off, "character") if cut_off > 0 else "",
        at=when(found.created_at, now),
    )


def _conversations(batch_id: str, state: ItemState | None = None) -> str:
    asked = {"batch_id": batch_id, **({"status": state} if state else {})}
    return f"/conversations?{urlencode(asked)}"
