"""Which failure is worth another draw of the same item, and with how much room: the policy as data.

A new draw is a new paid call with a seed of its own, so there are few; what failed for another reason each time counts
all its draws together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.generation.model import Failed
from pipeline.state.catalog.statuses import FailureType

MOST_DRAWS = 3  # of an item in all: the first and two more


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about a failure."""

    further_draws: int
    """How often this failure alone may be drawn anew."""
    room: float = 1.0
    """What `max_tokens` is multiplied by."""


POLICIES: Mapping[FailureType, Policy] = {
    "truncation": Policy(2, room=1.5),
    "parse_error": Policy(2),
    "validation_error": Policy(2),
    "refusal": Policy(1),  # who refuses twice means it
    "api_error": Policy(2),  # nothing was made, so nothing was paid
    "unknown": Policy(0),  # it may be paid: another call would pay twice
}


@dataclass(frozen=True, slots=True)
class NextDraw:
    """The item is to be asked again with so much room."""

    max_tokens: int


def next_draw(failures: Sequence[Failed], max_tokens: int, most_tokens: int) -> NextDraw | None:
    """How an item is drawn anew; None where it is given up.

    failures: of all its draws so far, in order. max_tokens: of the last one. most_tokens: what the model can answer.
    """
    if not failures or len(failures) >= MOST_DRAWS:
        return None
    last = failures[-1].kind
    policy = POLICIES[last]
    if sum(failed.kind == last for failed in failures) > policy.further_draws:
        return None
    wider = min(round(max_tokens * policy.room), most_tokens)
    if policy.room > 1 and wider <= max_tokens:
        return None  # it would be cut off at the same place
    return NextDraw(wider)
