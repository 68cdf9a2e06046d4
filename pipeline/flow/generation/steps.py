"""What becomes of batches, look by look: the sensor asks providers, short runs do what is due."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import CatalogError, PipelineError
from pipeline.flow.failure_words import sentence_of
from pipeline.flow.generation.answers_taken import book_unknown, ingest
from pipeline.flow.generation.making import BatchWork, Making
from pipeline.flow.generation.online import ask_all, bury
from pipeline.flow.generation.selection import conclude
from pipeline.flow.generation.submitting import (
    MOST_ITEMS,
    find_again,
    has_results,
    look,
    over_budget,
    prepare,
    send,
    take_results,
)
from pipeline.flow.marks import insist_on_lake
from pipeline.llm.llm_errors import ResultsGone
from pipeline.state.catalog.generation_records import Batch, Submission
from pipeline.state.catalog.statuses import Purpose
from pipeline.state.catalog.submissions import ASKED_IN

_LONGEST_LOOK_S = 30.0  # of a sensor's tick, which Dagster ends after a minute
LONGEST_RUN_S = 900.0
"""A run that asks one by one ends then, and is asked for again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at all batches found."""

    due: list[str]
    """Ids of batches for which a run has something to do."""
    silent: list[str]
    """What could not be asked, in words."""
    watched: int
    """How many batches were looked at."""


def look_at_all(making: Making, now: datetime) -> Seen:
    """Look at each submission that lives, once, and say for which batches there is work."""
    due: list[str] = []
    silent: list[str] = []
    silent_providers: set[str] = set()
    batches = making.catalog.batches_to_work_on(now)
    ends_s = time.monotonic() + _LONGEST_LOOK_S
    for batch in batches:
        if batch.provider in silent_providers or time.monotonic() > ends_s:
            continue  # at the next look
        try:
            if look_at(making, batch, now):
                due.append(batch.id)
        except CatalogError:
            raise
        except Exception as error:  # whatever is wrong with one batch stops no other
            silent.append(f"{batch.id}: {sentence_of(error)}")
            if isinstance(error, PipelineError):  # else it is a fault of ours, which says nothing of the provider
                silent_providers.add(batch.provider)
    return Seen(due, silent, len(batches))


def look_at(making: Making, batch: Batch, now: datetime) -> bool:
    """Look at each submission of a batch that lives, once, and say whether there is work.

    Raises:
        ServiceError: its provider cannot be asked just now.
        UsageError: it cannot be asked at all: a key is missing, nothing is known of what a model costs.
    """
    return _is_due(BatchWork(making, batch), now)


def advance(making: Making, batch_id: str, until_s: float | None = None) -> list[str]:
    """Do what is due of a batch; each step may be repeated. Returns what was done, in words.

    until_s: of `time.monotonic`, to which it goes on asking one by one; None for as long as a run may be.
    """
    until_s = time.monotonic() + LONGEST_RUN_S if until_s is None else until_s
    said: list[str] = []
    while True:
        insist_on_lake(making.lake, making.catalog)
        batch = making.catalog.get_batch(batch_id)
        work = BatchWork(making, batch)
        said += _take(work, making.now())
        if batch.status != "running" or _is_held(making.catalog.get_batch(batch_id), making.now()):
            return said
        step = _ask(work, making.now(), until_s)
        if step is None:
            said.append(conclude(work, making.now()))
            if making.catalog.get_batch(batch_id).refills == batch.refills:
                return said
        elif not step.goes_on or time.monotonic() >= until_s:
            said.append(step.said)
            return said
        else:
            said.append(step.said)


@dataclass(frozen=True, slots=True)
class _Step:
    """goes_on: whether there may be more to do at once."""

    said: str
    goes_on: bool


def _is_due(work: BatchWork, now: datetime) -> bool:
    """Ask about what is at the provider; whether a run has something to do."""
    catalog, is_due = work.making.catalog, False
    open_ones = catalog.submissions_of(work.batch.id, only_open=True)
    for submission in open_ones:
        if not submission.is_batched:
            is_due |= bury(work, submission, now)
        elif submission.state == "sending":
            find_again(work, submission, now)
        elif submission.state == "sent":
            is_due |= look(work, submission, now).state == "ended"
        elif submission.state == "ended" or (submission.state == "prepared" and work.batch.status == "running"):
            is_due = True
    if is_due or work.batch.status != "running" or _is_held(work.batch, now):
        return is_due
    return not open_ones or (_askable(work) is not None and _has_room(work, open_ones))


def _has_room(work: BatchWork, open_ones: Sequence[Submission]) -> bool:
    """Whether the rest of the budget bears another request like those under way."""
    so_far = work.making.catalog.spending_of(work.batch.id)
    rest = work.batch.budget_nano_usd - so_far.spent_nano_usd - so_far.reserved_nano_usd
    return rest * sum(each.requests for each in open_ones) >= so_far.reserved_nano_usd


def _is_held(batch: Batch, now: datetime) -> bool:
    return batch.resume_at is not None and batch.resume_at > now


def _take(work: BatchWork, now: datetime) -> list[str]:
    """Bring in what has ended."""
    said = []
    for submission in work.making.catalog.submissions_of(work.batch.id, only_open=True):
        if submission.state == "sent" and (seen := look(work, submission, now)).state == "ended":
            try:
                take_results(work, submission, seen, now)
            except ResultsGone as error:
                said.append(book_unknown(work, submission, f"its results are gone: {error}", now))
                continue
            said.append(ingest(work, submission, now))
        elif submission.state == "ended" and not has_results(work, submission):
            said.append(book_unknown(work, submission, "a person says that nothing of it is there any more", now))
        elif submission.state == "ended":
            said.append(ingest(work, submission, now))
    return said


def _ask(work: BatchWork, now: datetime, until_s: float) -> _Step | None:
    """Ask for what nobody asks for yet, a set of requests at a time; None where nothing is left to ask or wait for."""
    catalog = work.making.catalog
    open_ones = catalog.submissions_of(work.batch.id, only_open=True)
    for submission in open_ones:
        if submission.state == "prepared" and submission.is_batched:
            return _Step(send(work, submission, now), goes_on=False)
    purpose = _askable(work)
    if purpose is None:
        return _Step(f"{work.batch.id} waits for {len(open_ones)} submissions", goes_on=False) if open_ones else None
    idle = catalog.idle_items(work.batch.id, ASKED_IN[purpose], MOST_ITEMS)
    if not work.batch.is_batched:
        return _Step(ask_all(work, purpose, idle, until_s), goes_on=True)
    prepared = prepare(work, purpose, idle, now)
    if isinstance(prepared, Submission):
        return _Step(send(work, prepared, now), goes_on=True)
    if prepared == "over_budget" and not open_ones:
        catalog.pause_batch(work.batch.id, over_budget(work), now)
    return _Step(f"{work.batch.id} asks for nothing more now: {prepared.replace('_', ' ')}", goes_on=False)


def _askable(work: BatchWork) -> Purpose | None:
    """For which purpose items can be asked now. A stage of a provider's batches waits for the one before it."""
    counts = work.making.catalog.item_counts(work.batch.id)
    for purpose, state in ASKED_IN.items():
        if work.batch.model_for(purpose) is None:
            continue
        if counts.get((state, False)):
            return purpose
        if work.batch.is_batched and counts.get((state, True)):
            return None
    return None
