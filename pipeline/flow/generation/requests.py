"""The requests of items for each purpose, and what each may cost at most."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.flow.generation.making import BatchWork
from pipeline.generation.draws import POLICIES
from pipeline.generation.judging import judge_request, judged_twice
from pipeline.generation.made_json import conversation_of
from pipeline.generation.rereading import reread_request
from pipeline.generation.writing import most_answer_tokens, write_request
from pipeline.llm.asking import Request
from pipeline.llm.prices import most_nano_usd
from pipeline.state.catalog.generation_records import Item
from pipeline.state.catalog.statuses import Purpose

AGAIN = "-again"
"""Ends the id of a request that judges what is judged already."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An item with its requests. bound_nano_usd: what they may cost at most."""

    item: Item
    requests: tuple[Request, ...]
    bound_nano_usd: int


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
            most_nano_usd(
                work.backend.most_input_tokens(each), each.max_tokens, price, is_batch=work.batch.is_batched
            )
            for each in requests
        )
        asked.append(Asked(item, requests, bound))
    return asked
