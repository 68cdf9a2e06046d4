"""Batches at a provider: prepared, sent at most once, found again after a death, taken when they end.

The body is in the lake before its row; the money is kept back in the transaction that allows sending; while one is
being sent, nobody else sends to the same provider, so what nobody knows there has one possible father.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from pipeline.errors import CatalogError, Conflicting, ServiceError
from pipeline.flow.generation.audit import RESULTS
from pipeline.flow.generation.item_requests import Asked, bounds_of, counts_of, requests_for
from pipeline.flow.generation.making import BatchWork
from pipeline.llm.asking import BatchLook
from pipeline.llm.batch_files import lines_of
from pipeline.llm.llm_errors import (
    AskingRefused,
    KeyRefused,
    LowCredit,
    Overloaded,
    RateLimited,
    SpendingCap,
    Unanswered,
)
from pipeline.llm.wire import LONGEST_SUBMIT_S
from pipeline.state.catalog.generation_records import Item, NewSubmission, Submission
from pipeline.state.catalog.statuses import Outcome, Purpose
from pipeline.wording import nano_usd

BODY: Final = "requests.jsonl"
CUT: Final[dict[Outcome, str]] = {"expired": "expired.txt", "canceled": "canceled.txt"}
"""Marks beside results: what has no answer in them was not done."""
_LAG_S = 300.0  # a provider's list may be behind what it does
_CLOCKS_APART = timedelta(hours=1)  # of our machines and the provider: a batch too many is for a person to tell
_WAIT_S = 60.0  # where a provider asks for patience and says not how much
_LONGEST_WAIT_S = 3_600.0
MOST_ITEMS = 2_000  # of a submission: memory is bounded, and what is lost or late with one stays bearable


def new_id() -> str:
    """An id for a submission, short enough to begin the ids of its requests."""
    return f"s{uuid.uuid4().hex[:16]}"


def within_budget(work: BatchWork, asked: Sequence[Asked]) -> list[Asked]:
    """As many from the beginning as the rest of the budget bears, and the provider takes in one batch."""
    so_far = work.making.catalog.spending_of(work.batch.id)
    rest = work.batch.budget_nano_usd - so_far.spent_nano_usd - so_far.reserved_nano_usd
    chosen: list[Asked] = []
    requests = 0
    for each in asked:
        rest -= each.bound_nano_usd
        requests += len(each.requests)
        if rest < 0 or (work.batch.is_batched and requests > work.backend.most_batch_requests):
            break
        chosen.append(each)
    return chosen


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a batch a provider's queue has room for."""

    items: int = MOST_ITEMS
    """Of the next batch at most."""
    wait_s: float = _WAIT_S
    """Before it, after one that the provider's queue had no room for."""


def room(submissions: Sequence[Submission]) -> Room:
    """What a provider's queue seems to have room for: half of what it refused, twice what it took. Oldest first."""
    items, refusals = MOST_ITEMS, 0
    for each in submissions:
        if not each.is_batched or each.external_id is None:
            continue  # it never came so far
        if each.state == "refused":
            items, refusals = max(1, min(items, each.requests // 2)), refusals + 1
        elif each.state in ("ended", "ingested"):
            items, refusals = min(MOST_ITEMS, items * 2), 0
    return Room(items, min(_LONGEST_WAIT_S, _WAIT_S * 2 ** max(0, min(refusals, 10) - 1)))


def over_budget(work: BatchWork) -> str:
    """What is said when the budget bears not one request more."""
    so_far = work.making.catalog.spending_of(work.batch.id)
    spent, reserved = nano_usd(so_far.spent_nano_usd), nano_usd(so_far.reserved_nano_usd)
    return (
        f"its budget of {nano_usd(work.batch.budget_nano_usd)} bears no request more, {spent} are spent and {reserved} "
        "kept back: raise it to go on"
    )


def prepare(
    work: BatchWork, purpose: Purpose, items: Sequence[Item], now: datetime
) -> Submission | Literal["over_budget", "taken"]:
    """Put a batch together for as many items as the budget bears. taken: another run asks for some of them already."""
    submission_id = new_id()
    most = room(work.making.catalog.submissions_of(work.batch.id)).items
    asked = within_budget(work, requests_for(work, purpose, items[:most], submission_id))
    if not asked:
        return "over_budget"
    body = work.backend.encode([request for each in asked for request in each.requests])
    with work.making.lake.staging() as folder:
        (folder / BODY).write_bytes(body)
        work.making.lake.publish_made("submissions", submission_id, folder)
    new = NewSubmission(
        submission_id=submission_id,
        batch_id=work.batch.id,
        purpose=purpose,
        model=work.price(purpose).name,
        is_batched=True,
        bounds=bounds_of(asked),
        request_counts=counts_of(asked),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )
    try:
        return work.making.catalog.prepare_submission(new, now)
    except Conflicting:
        return "taken"


def send(work: BatchWork, submission: Submission, now: datetime) -> str:
    """Send a prepared batch, if its money is there and nobody else is sending; returns what was done, in words."""
    catalog = work.making.catalog
    with work.making.lake.fetch_made("submissions", submission.id, BODY) as path:
        body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != submission.body_sha256:
        catalog.give_up(submission.id, "refused", "its body in the lake is another one", now, pauses=False)
        return f"{submission.id} is not sent: its body in the lake is another one"
    try:
        opened = catalog.open_submission(submission.id, now)
    except CatalogError:  # two of different batches came together: the index lets one of them send
        opened = "busy"
    if opened != "open":
        if opened == "over_budget":
            catalog.give_up(submission.id, "refused", over_budget(work), now, pauses=True)
        return f"{submission.id} waits: {opened.replace('_', ' ')}"
    try:
        external_id = work.backend.submit(body, submission.id)
    except Unanswered as error:
        return f"{submission.id} may have been sent: {error}"  # the next looks find out
    except (KeyRefused, SpendingCap, LowCredit) as error:
        catalog.take_back(submission.id, now, now)
        catalog.pause_batch(work.batch.id, str(error), now)
        return f"{submission.id} was not sent: {error}"
    except AskingRefused as error:
        catalog.give_up(submission.id, "refused", str(error), now, pauses=True)
        return f"{submission.id} was refused: {error}"
    except ServiceError as error:
        catalog.take_back(submission.id, now, now)
        catalog.hold_batch(work.batch.id, now + _patience(error), str(error), now)
        return f"{submission.id} is sent later: {error}"
    if not catalog.note_sent(submission.id, external_id, work.making.now(), now):
        reason = (
            f"{submission.id} was sent as {external_id} after others had taken it for lost: it may be paid twice; "
            "cancel one of the two at the provider"
        )
        catalog.pause_batch(work.batch.id, reason, now)
        return reason
    return f"{submission.id} was sent: {submission.requests:,} requests to {submission.purpose}"


def find_again(work: BatchWork, submission: Submission, now: datetime) -> None:
    """Find out what became of a batch whose sender fell silent: adopt it, or send the same body again.

    Raises:
        ServiceError: the provider cannot be asked just now.
    """
    catalog = work.making.catalog
    since = submission.sending_at or submission.created_at
    silent_s = (now - since).total_seconds()
    if silent_s <= LONGEST_SUBMIT_S:
        return  # it may still be under way
    known = catalog.known_external_ids(submission.provider, submission.id)
    found = work.backend.find(submission.id, since - _CLOCKS_APART, submission.requests, known)
    if len(found) == 1:
        catalog.note_sent(submission.id, found[0], now)
    elif found:
        reason = (
            f"{len(found)} batches at the provider may be {submission.id}, and each may be paid: settle it with "
            f"`lora-pipeline generate settle`"
        )
        catalog.note_doubtful(submission.id, reason, now)
    elif silent_s > LONGEST_SUBMIT_S + _LAG_S:
        catalog.take_back(submission.id, now)


def look(work: BatchWork, submission: Submission, now: datetime) -> BatchLook:
    """Ask how a batch is, once, and note what became of one that will never end well."""
    seen = work.backend.look(submission.external_id or "")
    catalog = work.making.catalog
    if seen.state == "failed":
        is_worth_another = seen.fault == "provider"
        reason = seen.reason or "the provider refused all of it"
        catalog.give_up(submission.id, "refused", reason, now, pauses=not is_worth_another)
        if is_worth_another:
            wait = timedelta(seconds=room(catalog.submissions_of(work.batch.id)).wait_s)
            catalog.hold_batch(work.batch.id, now + wait, reason, now)
    elif seen.state == "absent":
        # A key of another workspace, or a hiccup, looks the same: nothing is given up before a person says so.
        reason = (
            f"the provider knows no batch {submission.external_id} of {submission.id}: if it is really gone, settle it "
            "with `lora-pipeline generate settle`, and its requests count at the most that they may cost"
        )
        catalog.note_absent(submission.id, reason, now)
    elif seen.state == "in_progress" and work.batch.status == "cancelled":
        work.backend.cancel(submission.external_id or "")
    return seen


def take_results(work: BatchWork, submission: Submission, seen: BatchLook, now: datetime) -> None:
    """Bring the raw results of a batch that has ended into the lake. seen: how it was, just now.

    Raises:
        ServiceError: they cannot be had just now.
    """
    lake = work.making.lake
    if not has_results(work, submission):
        with lake.staging() as folder:
            results = Path(folder) / RESULTS
            work.backend.fetch(submission.external_id or "", results)
            if seen.cut is not None and lines_of(results) >= (seen.done or 0):
                with lake.staging() as aside:  # before the results: whoever finds these finds the mark
                    (aside / CUT[seen.cut]).write_text(f"{seen.done} done\n")
                    lake.publish_made("submissions", submission.id, aside)
            lake.publish_made("submissions", submission.id, folder)
    work.making.catalog.note_answered(submission.id, now)


def has_results(work: BatchWork, submission: Submission) -> bool:
    """Whether its raw results are in the lake."""
    return RESULTS in work.making.lake.made_files("submissions", submission.id)


def _patience(error: ServiceError) -> timedelta:
    told = error.retry_after_s if isinstance(error, RateLimited | Overloaded) else None
    return timedelta(seconds=_WAIT_S if told is None else told)
