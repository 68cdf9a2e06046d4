"""Requests asked one by one, some at a time: each is noted before it is asked, and booked when its answer is there.

A worker that dies leaves at most the calls that were under way; each is booked at what it may have cost at most.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event

from pipeline.errors import Conflicting, PipelineError
from pipeline.flow.generation.answers_taken import outcomes, pause_without_money
from pipeline.flow.generation.item_requests import Asked, bounds_of, counts_of, requests_for
from pipeline.flow.generation.making import BatchWork
from pipeline.flow.generation.submitting import new_id, over_budget, within_budget
from pipeline.llm.asking import Answer, Request
from pipeline.llm.llm_errors import (
    AskingRefused,
    KeyRefused,
    LowCredit,
    Overloaded,
    RateLimited,
    SpendingCap,
    Unanswered,
    Unreachable,
)
from pipeline.state.catalog.generation_records import Item, NewSubmission, Submission
from pipeline.state.catalog.statuses import Purpose

LONGEST_CALL_S = 300.0
AT_ONCE = 8
"""Requests that a worker has under way at most; the provider's complaints make them fewer."""
_ITEMS_A_SUBMISSION = 64
_LONGEST_PAUSE_S = 120.0  # that a run waits for a provider; for longer, its batch is held and the run ends
_SILENT_S = LONGEST_CALL_S + 60.0  # after which a worker that told nothing is dead


@dataclass(slots=True)
class _Asking:
    """One submission while it is asked."""

    work: BatchWork
    submission: Submission
    until_s: float
    has_stopped: Event = field(default_factory=Event)
    """Set when the rest is not to be asked."""


def ask_all(work: BatchWork, purpose: Purpose, items: Sequence[Item], until_s: float) -> str:
    """Ask for items until they are answered or the time is over; says what was done. until_s: of `time.monotonic`."""
    catalog, now = work.making.catalog, work.making.now()
    submission_id = new_id()
    asked = within_budget(work, requests_for(work, purpose, items[:_ITEMS_A_SUBMISSION], submission_id))
    if not asked:
        if catalog.submissions_of(work.batch.id, only_open=True):
            return f"{work.batch.id} waits for what is kept back"
        catalog.pause_batch(work.batch.id, over_budget(work), now)
        return f"{work.batch.id} is paused: its budget is used up"
    new = NewSubmission(
        submission_id=submission_id,
        batch_id=work.batch.id,
        purpose=purpose,
        model=work.price(purpose).name,
        is_batched=False,
        bounds=bounds_of(asked),
        request_counts=counts_of(asked),
    )
    try:
        submission = catalog.prepare_submission(new, now)
    except Conflicting as error:
        return str(error)
    if (opened := catalog.open_submission(submission_id, now)) != "open":
        catalog.give_up(submission_id, "refused", opened, now, pauses=opened == "over_budget")
        return f"{submission_id} was not asked: {opened}"
    asking = _Asking(work, submission, until_s)
    with ThreadPoolExecutor(AT_ONCE, "ask") as threads:
        list(threads.map(lambda each: _ask_item(asking, each), asked))
    catalog.take_answers(submission_id, [], [], work.making.now(), is_last=True)
    return f"{submission_id}: {len(asked)} requests to {purpose} were asked"


def bury(work: BatchWork, submission: Submission, now: datetime) -> bool:
    """Book what a dead worker left, at the most that it may have cost; False while the worker may live."""
    last = submission.beat_at or submission.created_at
    if now - last < timedelta(seconds=_SILENT_S):
        return False
    catalog = work.making.catalog
    if submission.state == "prepared":  # it died before it might ask: nothing was sent, nothing is kept back
        return catalog.give_up(submission.id, "refused", "its worker died before it asked", now, pauses=False)
    left = [item for item in catalog.items_under_way(submission.id) if item.asked_at is not None]
    calls, steps = outcomes(work, submission, [(item, {}) for item in left])
    catalog.take_answers(submission.id, calls, steps, now, is_last=True, reason="its worker died")
    return True


def _ask_item(asking: _Asking, asked: Asked) -> None:
    """Ask for one item, unless the rest is not to be asked any more."""
    catalog, submission = asking.work.making.catalog, asking.submission
    answers: dict[str, Answer] = {}
    for request in asked.requests:
        if asking.has_stopped.is_set():
            break
        answer = _answer(asking, asked.item, request, is_first=not answers)
        if answer is not None:
            answers[request.custom_id] = answer
    if not answers:
        return
    # The item as its row is by now: what is kept back for it, and for how many requests.
    item = replace(asked.item, bound_nano_usd=asked.bound_nano_usd, request_count=len(asked.requests))
    calls, steps = outcomes(asking.work, submission, [(item, answers)])
    catalog.take_answers(submission.id, calls, steps, asking.work.making.now(), is_last=False)
    pause_without_money(asking.work, answers.values(), asking.work.making.now())


def _answer(asking: _Asking, item: Item, request: Request, *, is_first: bool) -> Answer | None:
    """One answer, asked again after complaints that it was not done; None where it was not asked after all.

    is_first: of its item. Once one is answered, the item was asked, whatever becomes of the others.
    """
    work, catalog = asking.work, asking.work.making.catalog
    error: PipelineError | None = None
    limiter = work.making.limiters.of(work.batch.provider, request.model)
    while (turn := limiter.wait(asking.until_s, _LONGEST_PAUSE_S)) is not None:
        error = None
        try:
            if not catalog.note_asked(asking.submission.id, item.id, asking.work.making.now()):
                return None
            answer = work.backend.ask(request, LONGEST_CALL_S)
            error = Unanswered(answer.error or "") if answer.outcome == "unknown" else None
            return answer
        except AskingRefused as refused:
            return Answer(request.custom_id, "errored", error=str(refused), fault="request")
        except (RateLimited, Overloaded, Unreachable) as waited:
            error = waited
            if is_first:
                catalog.note_unasked(asking.submission.id, item.id)
        except (KeyRefused, SpendingCap, LowCredit) as stopped:
            error = stopped
            if is_first:
                catalog.note_unasked(asking.submission.id, item.id)
            break
        finally:
            limiter.end(turn, error)
    asking.has_stopped.set()
    if (pause_s := limiter.pause_s()) > _LONGEST_PAUSE_S:
        now = asking.work.making.now()
        catalog.hold_batch(work.batch.id, now + timedelta(seconds=pause_s), str(error or "its provider is busy"), now)
    if isinstance(error, KeyRefused | SpendingCap | LowCredit):
        catalog.pause_batch(work.batch.id, str(error), asking.work.making.now())
    return None
