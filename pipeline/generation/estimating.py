"""What a plan takes, before it is made and meanwhile: tokens, and a range of money in whole billionths of a US dollar.

Until enough items are finished it rests on what requests ask for; then on what the finished ones took, and the range
holds nine in ten. What a call costs comes as a function, so prices are not known here (`pipeline/llm/call_prices.py`).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from math import ceil, floor, fsum, sqrt
from typing import TypeAlias

from pipeline.dataset.tokens import Tokenizer, load_tokenizer
from pipeline.generation.model import PlannedItem, Scaffolds
from pipeline.generation.writing import write_request
from pipeline.llm.asking import Usage
from pipeline.state.catalog.statuses import Purpose

Cost: TypeAlias = Callable[[Usage], int]
"""What a call costs, in billionths of a US dollar."""
CALIBRATING_ITEMS = 50
"""So many finished items tell more than what is usual."""
_QUANTILE = 1.68  # Student's t with 49 degrees of freedom: 5 % lie above, 5 % below
_COUNTED = 300  # prompts of a plan whose tokens are counted, evenly spread over it


@dataclass(frozen=True, slots=True)
class Range:
    """Money, in whole billionths of a US dollar."""

    low: int
    expected: int
    high: int

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)


# Of an answer as the rules ask for it: 85 words a turn are some 115 tokens, its values and names as JSON 45 more.
# Writers stay below or go above; the bounds are an opinion, and what calibration is for.
_TURN_TOKENS, _TEXT_TOKENS, _ANSWER_TOKENS = 160, 115, 150
# What is paid of what is counted: answers are shorter or longer, other tokenizers count more, some are asked twice.
_LOW, _EXPECTED, _HIGH = 0.7, 1.08, 1.7


@dataclass(frozen=True, slots=True)
class Reading:
    """Another model's call that reads a conversation. Tokens are those beside its text, which is counted in."""

    prompt_tokens: int
    answer_tokens: int
    answer_tokens_a_turn: int
    share: float
    """Calls for each item; what is above 1 is asked twice."""

    def usage(self, turns: int) -> Usage:
        """Of one call."""
        return Usage(self.prompt_tokens + _TEXT_TOKENS * turns, self.answer_tokens + self.answer_tokens_a_turn * turns)


READINGS: Mapping[Purpose, Reading] = {
    "annotate": Reading(prompt_tokens=900, answer_tokens=50, answer_tokens_a_turn=60, share=1.0),
    "judge": Reading(prompt_tokens=1_500, answer_tokens=500, answer_tokens_a_turn=0, share=1.05),
}
"""By purpose, as they are usual."""


@dataclass(frozen=True, slots=True)
class Calls:
    """All calls of one purpose."""

    purpose: Purpose
    usage: Callable[[int], Usage]
    """Of one, by turns."""
    cost: Cost
    share: float = 1.0
    """Calls for each item; 0.1 where a tenth is looked at, 1.05 where each is and some twice."""
    observed: Mapping[int, Usage] = field(default_factory=dict)
    """By item number, what the finished ones took in all their attempts."""


@dataclass(frozen=True, slots=True)
class _Finished:
    """What an item usually costs, and what it did cost."""

    usual: int
    paid: int


@dataclass(frozen=True, slots=True)
class CallsEstimate:
    """What all calls of a purpose take."""

    purpose: Purpose
    usage: Usage
    """Expected, of all calls."""
    nano_usd: Range
    """What was paid is in it."""
    is_calibrated: bool


@dataclass(frozen=True, slots=True)
class PlanEstimate:
    """What all of a plan takes."""

    items: int
    calls: tuple[CallsEstimate, ...]

    @property
    def usage(self) -> Usage:
        """Expected, of all purposes."""
        return _sum(each.usage for each in self.calls)

    @property
    def nano_usd(self) -> Range:
        """Of all purposes."""
        return sum((each.nano_usd for each in self.calls), Range(0, 0, 0))


def estimate_plan(
    items: Sequence[PlannedItem],
    scaffolds: Scaffolds,
    costs: Mapping[Purpose, Cost],
    observed: Mapping[Purpose, Mapping[int, Usage]] | None = None,
    tokenizer: Tokenizer | None = None,
) -> PlanEstimate:
    """What items take at prices. costs: by purpose, those that are asked for; `generate` and some of READINGS.

    observed: by purpose and item number, what the finished ones took in all their attempts. tokenizer: counts requests;
    None for the usual one.
    """
    seen = observed or {}
    readings = [
        Calls(purpose, reading.usage, costs[purpose], reading.share, seen.get(purpose, {}))
        for purpose, reading in READINGS.items()
        if purpose in costs
    ]
    writing = writing_calls(items, scaffolds, costs["generate"], seen.get("generate", {}), tokenizer)
    return estimate(items, [writing, *readings])


def writing_calls(
    items: Sequence[PlannedItem],
    scaffolds: Scaffolds,
    cost: Cost,
    observed: Mapping[int, Usage] | None = None,
    tokenizer: Tokenizer | None = None,
) -> Calls:
    """The calls that write a plan's items; the input's tokens are those of their requests."""
    input_tokens = _input_tokens(items, scaffolds, tokenizer or load_tokenizer())
    return Calls(
        "generate", lambda turns: Usage(input_tokens, _ANSWER_TOKENS + _TURN_TOKENS * turns), cost, 1.0, observed or {}
    )


def estimate(items: Sequence[PlannedItem], calls: Sequence[Calls]) -> PlanEstimate:
    """What the items take, with calls of each purpose."""
    return PlanEstimate(len(items), tuple(_estimate(items, each) for each in calls))


def _input_tokens(items: Sequence[PlannedItem], scaffolds: Scaffolds, tokenizer: Tokenizer) -> int:
    """Tokens of a request, on average: system prompt, prompt and schema."""
    chosen = items[:: ceil(len(items) / _COUNTED)]
    requests = [write_request(item, scaffolds, "", "") for item in chosen]
    # System prompts and schemas are few, and most of the text.
    texts = Counter(
        text
        for request in requests
        for text in (request.system, request.messages[0].content, json.dumps(request.schema))
    )
    counts = tokenizer.count(list(texts))
    return round(int(counts @ list(texts.values())) / len(chosen))


def _estimate(items: Sequence[PlannedItem], calls: Calls) -> CallsEstimate:
    """What the finished ones took, and what is left: like them once they are enough, else as it is usual."""
    turns = {item.number: item.turns for item in items}
    costs = {count: calls.cost(calls.usage(count)) for count in set(turns.values())}
    finished = [_Finished(costs[turns[number]], calls.cost(used)) for number, used in sorted(calls.observed.items())]
    usual = calls.share * sum(costs[count] for count in turns.values())
    to_pay = max(0.0, usual - sum(each.usual for each in finished))
    is_calibrated = len(finished) >= CALIBRATING_ITEMS
    low, expected, high = _like(finished, to_pay) if is_calibrated else _as_usual(to_pay)
    paid = sum(each.paid for each in finished)
    nano_usd = Range(paid + max(0, floor(low)), paid + round(expected), paid + ceil(high))
    return CallsEstimate(calls.purpose, _usage(items, calls, is_calibrated=is_calibrated), nano_usd, is_calibrated)


def _usage(items: Sequence[PlannedItem], calls: Calls, *, is_calibrated: bool) -> Usage:
    seen = _sum(calls.observed.values())
    to_ask = max(0.0, calls.share * len(items) - len(calls.observed))
    if is_calibrated:
        return _times(seen, 1 + to_ask / len(calls.observed))
    usual = _sum(calls.usage(item.turns) for item in items)
    return _sum((seen, _times(usual, _EXPECTED * to_ask / len(items))))


def _as_usual(to_pay: float) -> tuple[float, float, float]:
    return _LOW * to_pay, _EXPECTED * to_pay, _HIGH * to_pay


def _like(finished: Sequence[_Finished], to_pay: float) -> tuple[float, float, float]:
    """What is left, if it takes as much more or less than usual as the finished ones; nine in ten lie within.

    A ratio estimator; the variance of an item's cost is taken to grow with what it usually is.
    """
    usual, paid = sum(each.usual for each in finished), sum(each.paid for each in finished)
    if not usual:
        return 0.0, 0.0, 0.0
    ratio = paid / usual
    squares = fsum((each.paid - ratio * each.usual) ** 2 / each.usual for each in finished if each.usual)
    error = sqrt(squares / (len(finished) - 1) * to_pay * (1 + to_pay / usual))
    return ratio * to_pay - _QUANTILE * error, ratio * to_pay, ratio * to_pay + _QUANTILE * error


def _sum(usages: Iterable[Usage]) -> Usage:
    columns = zip(*map(astuple, usages), strict=True)
    return Usage(*map(sum, columns))


def _times(usage: Usage, factor: float) -> Usage:
    return Usage(*(round(factor * tokens) for tokens in astuple(usage)))
