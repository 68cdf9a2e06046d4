"""The requests of items for each purpose, and what each may cost at most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from pipeline.flow.generation.making import BatchWork
from pipeline.generation.draws import POLICIES
from pipeline.generation.judging import judge_request, judged_twice
from pipeline.generation.model import Failed, MadeConversation
from pipeline.generation.rereading import reread_request
from pipeline.generation.writing import most_tokens as first_tokens
from pipeline.generation.writing import write_request
from pipeline.llm.asking import Request
from pipeline.llm.backends import place_of
from pipeline.llm.call_prices import most_nano_usd
from pipeline.state.catalog.generation_records import Item
from pipeline.state.catalog.statuses import Purpose

AGAIN = "-again"
"""Ends the id of a request that judges what is judged already."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item with its requests."""

    item: Item
    requests: tuple[Request, ...]
    bound_nano_usd: int
    """What they may cost at most."""


def bounds_of(asked: Sequence[Asked]) -> dict[str, int]:
    """What the requests of each item may cost at most, by its id."""
    return {each.item.id: each.bound_nano_usd for each in asked}


def counts_of(asked: Sequence[Asked]) -> dict[str, int]:
    """How many requests each item has, by its id."""
    return {each.item.id: len(each.requests) for each in asked}


def custom_id(submission_id: str, item: Item) -> str:
    """By which a provider names the request of an item: it tells whose it is, should a batch be mistaken."""
    return f"{submission_id}-{item.number}"


def requests_for(work: BatchWork, purpose: Purpose, items: Sequence[Item], submission_id: str) -> list[Asked]:
    """What is asked for these items."""
    build = {"generate": _writing, "annotate": _annotating, "judge": _judging}[purpose]
    price = work.price(purpose)
    asked = []
    for item, requests in build(work, items, submission_id):
        bound = sum(
            most_nano_usd(work.backend.most_input_tokens(each), each.max_tokens, price, is_batch=work.batch.is_batched)
            for each in requests
        )
        asked.append(Asked(item, requests, bound))
    return asked


def most_tokens(work: BatchWork, turns: int, failures: Sequence[Failed]) -> int:
    """What the next draw of an item may answer: more each time that an answer was cut off."""
    room = POLICIES["truncation"].room ** sum(failed.kind == "truncation" for failed in failures)
    return min(round(first_tokens(turns) * room), work.price("generate").most_output_tokens or 2**31)


def _writing(work: BatchWork, items: Sequence[Item], submission_id: str) -> Iterator[tuple[Item, tuple[Request, ...]]]:
    planned = work.planned(items)
    failures = work.making.catalog.failures_of(work.batch.id, "generate")
    is_bounded = place_of(work.batch.provider).wire == "openai"
    for item in items:
        plan = planned[item.id]
        so_far = [Failed(kind, detail) for kind, detail in failures.get(item.id, ())]
        request = write_request(
            plan,
            work.scaffolds,
            work.batch.model,
            custom_id(submission_id, item),
            item.avoided_openings or (),
            is_bounded=is_bounded,
        )
        yield item, (replace(request, max_tokens=most_tokens(work, plan.turns, so_far)),)


def _annotating(
    work: BatchWork, items: Sequence[Item], submission_id: str
) -> Iterator[tuple[Item, tuple[Request, ...]]]:
    made = conversations_of(work, items)
    for item in items:
        model = work.batch.annotating_model or ""
        arc = work.scaffolds.arcs[item.arc]
        yield item, (reread_request(custom_id(submission_id, item), made[item.id], arc, model, item.seed),)


def _judging(work: BatchWork, items: Sequence[Item], submission_id: str) -> Iterator[tuple[Item, tuple[Request, ...]]]:
    made = conversations_of(work, items)
    twice = set(judged_twice([item.id for item in items], int(work.batch.plan["wish"].get("seed", 0))))
    for item in items:
        first = custom_id(submission_id, item)
        ids = (first, first + AGAIN) if item.id in twice else (first,)
        requests = tuple(
            judge_request(
                each,
                made[item.id],
                work.scaffolds.personas[item.persona],
                work.scaffolds.arcs[item.arc],
                judge=work.batch.judging_model or "",
                writer=work.batch.model,
                seed=item.seed + number,
            )
            for number, each in enumerate(ids)
        )
        yield item, requests


def conversations_of(work: BatchWork, items: Sequence[Item]) -> Mapping[str, MadeConversation]:
    """What was written of items, by their ids."""
    versions = work.making.catalog.newest_versions([item.id for item in items])
    return {each: msgspec.convert(version.content, MadeConversation) for each, version in versions.items()}
