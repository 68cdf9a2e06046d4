"""Answers become calls of the ledger and the next states of their items; what came to nothing keeps the raw answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias

import msgspec

from pipeline.flow.generation.audit import RESULTS
from pipeline.flow.generation.item_requests import AGAIN, conversations_of, custom_id, most_tokens
from pipeline.flow.generation.making import BatchWork
from pipeline.flow.generation.submitting import CUT
from pipeline.generation.draws import next_draw
from pipeline.generation.judging import read_judgement, score_of
from pipeline.generation.made_findings import MadeFinding, state_by, worst_of
from pipeline.generation.model import Failed, MadeConversation, PlannedItem
from pipeline.generation.parsing import parsed
from pipeline.generation.rereading import read_reread, with_reread
from pipeline.generation.screening import screened
from pipeline.llm.asking import Answer, Usage
from pipeline.llm.call_prices import InferencePrice, cost_nano_usd
from pipeline.state.catalog.generation_records import (
    Batch,
    Item,
    NewCall,
    NewConversation,
    NewFailure,
    Step,
    Submission,
)
from pipeline.state.catalog.statuses import ItemState, Outcome
from pipeline.wording import count_of

Answered: TypeAlias = tuple[Item, dict[str, Answer]]
"""An item with its answers, by the id of the request."""
_CHUNK = 500  # items of a transaction: bounded memory, and the next look goes on where a dead one stopped
_MOST_TOKENS = 10**9  # of a call; a thousand times what any model reads
_NOT_PAID = {"errored", "expired", "canceled"}
_CANCELLED_THERE = "were cancelled at the provider, and are not paid: start the batch again to ask for them again"


def ingest(work: BatchWork, submission: Submission, now: datetime) -> str:
    """Take the results of a batch that lie in the lake; the same again changes nothing. Returns what was done."""
    catalog = work.making.catalog
    items = catalog.items_under_way(submission.id)
    by_id = {wanted: item for item in items for wanted in _ids(submission, item)}
    with work.making.lake.fetch_made("submissions", submission.id, RESULTS) as path:
        found = [answer.custom_id for answer in work.backend.read(path)]
        if found and not any(found):
            reason = f"no line of the results of {submission.id} can be read: they are kept, and taken when they can"
            catalog.pause_batch(work.batch.id, reason, now)
            return reason
        if found and not any(each.startswith(f"{submission.id}-") for each in found):
            reason = f"the results of {submission.external_id} are of other requests than those of {submission.id}"
            catalog.give_up(submission.id, "aside", reason, now, pauses=True)
            return f"{submission.id} was put aside: {reason}"
        answers = _first_of_each(work.backend.read(path), by_id)
    strange = sum(not each.startswith(f"{submission.id}-") for each in found)
    told = f"{strange:,} of {len(found):,} lines are answers to nothing that was asked" if strange else None
    cut = _why_cut(work, submission)
    cancelled = 0
    for chunk in _chunks(items):
        found_of = [(item, _answers_of(submission, item, answers, cut)) for item in chunk]
        answered = [each for each in found_of if not _was_cancelled(each[1])]  # the others are free again
        cancelled += len(found_of) - len(answered)
        calls, steps = outcomes(work, submission, answered)
        catalog.take_answers(submission.id, calls, steps, now, is_last=False)
    catalog.take_answers(submission.id, [], [], now, is_last=True, reason=told)
    if cancelled:
        catalog.pause_batch(work.batch.id, f"{count_of(cancelled, 'request')} {_CANCELLED_THERE}", now)
    pause_without_money(work, answers.values(), now)
    return f"{submission.id} was taken: {len(answers):,} answers"


def book_unknown(work: BatchWork, submission: Submission, reason: str, now: datetime) -> str:
    """Book what was sent and will never be answered at the most that it may have cost, and pause its batch."""
    catalog = work.making.catalog
    catalog.note_answered(submission.id, now)
    for chunk in _chunks(catalog.items_under_way(submission.id)):
        calls, steps = outcomes(work, submission, [(item, {}) for item in chunk])
        catalog.take_answers(submission.id, calls, steps, now, is_last=False)
    catalog.take_answers(submission.id, [], [], now, is_last=True, reason=reason)
    catalog.pause_batch(work.batch.id, reason, now)
    return f"{submission.id}: {reason}"


def outcomes(work: BatchWork, submission: Submission, answered: Sequence[Answered]) -> tuple[list[NewCall], list[Step]]:
    """What is booked, and how items go on. An item without any answer was sent, and may be paid."""
    price = work.price(submission.purpose)
    calls = [
        _call(work, price, each, wanted, answers.get(wanted), len(_ids(submission, each)))
        for each, answers in answered
        for wanted in _ids(submission, each)
        if wanted in answers or not _was_stopped(answers)
    ]
    read = {"generate": _written, "annotate": _annotated, "judge": _judged}[submission.purpose]
    return calls, read(work, submission, answered)


def pause_without_money(work: BatchWork, answers: Iterable[Answer], now: datetime) -> None:
    """Pause a batch whose account has nothing left to pay with: nothing goes well until its owner acts."""
    for answer in answers:
        if answer.fault == "money" and work.batch.status == "running":
            work.making.catalog.pause_batch(work.batch.id, answer.error or "the account cannot pay", now)
            return


def state_after(batch: Batch, state: ItemState) -> ItemState:
    """The state of an item that has got so far: what nobody is asked for is passed by."""
    if state == "written" and batch.annotating_model is None:
        state = "annotated"
    return "judged" if state == "annotated" and batch.judging_model is None else state


def _written(work: BatchWork, submission: Submission, answered: Sequence[Answered]) -> list[Step]:
    planned = work.planned([item for item, _answers in answered])
    read: list[tuple[Item, Answer, PlannedItem, MadeConversation | Failed]] = []
    for item, answers in answered:
        answer = answers.get(custom_id(submission.id, item)) or _unanswered(submission, item)
        plan = planned[item.id]
        arc = work.scaffolds.arcs[plan.arc]
        system = work.scaffolds.templates[plan.template].trained_system or None
        read.append((item, answer, plan, parsed(answer, plan, arc, system)))
    whole = [(plan, made) for _item, _answer, plan, made in read if isinstance(made, MadeConversation)]
    findings = iter(screened(whole, work.scaffolds, work.language))
    before = work.making.catalog.failures_of(work.batch.id, "generate")
    steps = []
    for item, answer, plan, made in read:
        if isinstance(made, Failed):
            steps.append(_failed(work, item, plan.turns, answer, made, before.get(item.id, ())))
            continue
        found = next(findings)
        worst = worst_of(found)
        if state_by(found) == "failed" and worst is not None:
            fault = Failed("validation_error", f"{worst.code}: {worst.sentence}")
            steps.append(_failed(work, item, plan.turns, answer, fault, before.get(item.id, ())))
        else:
            steps.append(_new(work, item, answer, made, found))
    return steps


def _new(work: BatchWork, item: Item, answer: Answer, made: MadeConversation, findings: Sequence[MadeFinding]) -> Step:
    content: dict[str, Any] = msgspec.to_builtins(made)
    listed = [asdict(each) for each in findings]
    conversation = NewConversation(made.title, content, answer.text, listed, len(made.turns))
    return Step(item.id, state_after(work.batch, "written"), conversation=conversation)


def _failed(
    work: BatchWork, item: Item, turns: int, answer: Answer, failed: Failed, before: Sequence[tuple[Any, str]]
) -> Step:
    """Draw it anew, or give it up. What was not paid for sure is only drawn again where it costs nothing."""
    failure = NewFailure(failed.kind, failed.detail, answer.stop_reason, answer.text or answer.error)
    so_far = [Failed(kind, detail) for kind, detail in before]
    again = next_draw([*so_far, failed], most_tokens(work, turns, so_far), _longest(work))
    if again is None and failed.kind == "unknown" and not item.bound_nano_usd and len(so_far) < 2:
        return Step(item.id, "planned", failed.detail, is_new_draw=True, failure=failure)
    if again is None:
        return Step(item.id, "failed", failed.detail, failure=failure)
    return Step(item.id, "planned", failed.detail, is_new_draw=True, failure=failure)


def _longest(work: BatchWork) -> int:
    return work.price("generate").most_output_tokens or 2**31


def _annotated(work: BatchWork, submission: Submission, answered: Sequence[Answered]) -> list[Step]:
    made = conversations_of(work, [item for item, _answers in answered])
    steps = []
    for item, answers in answered:
        answer = answers.get(custom_id(submission.id, item)) or _unanswered(submission, item)
        read = read_reread(answer, made[item.id], work.scaffolds.arcs[item.arc])
        state = state_after(work.batch, "annotated")
        if isinstance(read, Failed):
            failure = NewFailure(read.kind, read.detail, answer.stop_reason, answer.text or answer.error)
            steps.append(Step(item.id, state, failure=failure))  # the writer's own annotations stay
        else:
            steps.append(Step(item.id, state, content=msgspec.to_builtins(with_reread(made[item.id], read))))
    return steps


def _judged(work: BatchWork, submission: Submission, answered: Sequence[Answered]) -> list[Step]:
    made = conversations_of(work, [item for item, _answers in answered])
    steps = []
    for item, answers in answered:
        answer = answers.get(custom_id(submission.id, item)) or _unanswered(submission, item)
        read = read_judgement(answer, made[item.id], answer.model or submission.model)
        if isinstance(read, Failed):
            failure = NewFailure(read.kind, read.detail, answer.stop_reason, answer.text or answer.error)
            steps.append(Step(item.id, "judged", f"it was not judged: {read.detail}", failure=failure))
            continue
        judgement: dict[str, Any] = msgspec.to_builtins(read)
        if (second := answers.get(custom_id(submission.id, item) + AGAIN)) is not None:
            again = read_judgement(second, made[item.id], second.model or submission.model)
            if isinstance(again, Failed):
                failure = NewFailure(again.kind, again.detail, second.stop_reason, second.text or second.error)
                steps.append(Step(item.id, "judged", judgement=judgement, score=score_of(read), failure=failure))
                continue
            judgement["again"] = msgspec.to_builtins(again)
        steps.append(Step(item.id, "judged", judgement=judgement, score=score_of(read)))
    return steps


def _call(
    work: BatchWork, price: InferencePrice, item: Item, wanted: str, answer: Answer | None, requests: int
) -> NewCall:
    """What is booked for a request: its usage, nothing for what was not done, else the most that it may have cost."""
    outcome = "unknown" if answer is None else answer.outcome
    usage = None if answer is None else answer.usage
    if usage is not None and not _is_sane(usage):
        outcome, usage = "unknown", None
    if usage is None:
        most = -(-(item.bound_nano_usd or 0) // requests)
        return NewCall(wanted, item.id, outcome, 0 if outcome in _NOT_PAID else most)
    cost = cost_nano_usd(usage, price, is_batch=work.batch.is_batched)
    return NewCall(
        wanted,
        item.id,
        outcome,
        cost,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_write_tokens,
        usage.cache_read_tokens,
    )


def _ids(submission: Submission, item: Item) -> tuple[str, ...]:
    first = custom_id(submission.id, item)
    return (first, first + AGAIN) if (item.request_count or 1) > 1 else (first,)


def _was_stopped(answers: Mapping[str, Answer]) -> bool:
    """Whether the rest of an item's requests was never sent, because nothing of it was done."""
    return any(answer.outcome in _NOT_PAID for answer in answers.values())


def _is_sane(usage: Usage) -> bool:
    """Whether a provider's counts can be: what it says is multiplied with money."""
    counts = (usage.input_tokens, usage.output_tokens, usage.cache_write_tokens, usage.cache_read_tokens)
    return all(0 <= count <= _MOST_TOKENS for count in counts)


def _answers_of(
    submission: Submission, item: Item, answers: Mapping[str, Answer], cut: Outcome | None
) -> dict[str, Answer]:
    """Those of an item. cut: what became of those without one, where the provider left them undone."""
    found = {each: answers[each] for each in _ids(submission, item) if each in answers}
    if not found and cut is not None:
        first = custom_id(submission.id, item)
        return {first: Answer(first, cut)}
    return found


def _why_cut(work: BatchWork, submission: Submission) -> Outcome | None:
    files = work.making.lake.made_files("submissions", submission.id)
    found: list[Outcome] = [outcome for outcome, mark in CUT.items() if mark in files]
    return found[0] if found else None


def _was_cancelled(answers: Mapping[str, Answer]) -> bool:
    return bool(answers) and all(answer.outcome == "canceled" for answer in answers.values())


def _unanswered(submission: Submission, item: Item) -> Answer:
    return Answer(custom_id(submission.id, item), "unknown", error="it was sent, and no answer to it came")


def _first_of_each(answers: Iterator[Answer], wanted: Mapping[str, Item]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for answer in answers:
        if answer.custom_id in wanted:
            found.setdefault(answer.custom_id, answer)
    return found


def _chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
