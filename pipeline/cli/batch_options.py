"""What the commands about batches of conversations share: their options, and money in words."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.wording import usd

if TYPE_CHECKING:
    from pipeline.generation.estimating import Range

NANO = 1_000_000_000
Batch_ = Annotated[str, typer.Argument(metavar="BATCH", help="An id, the beginning of one, or a name.")]
Budget = Annotated[
    float | None, typer.Option("--budget", metavar="USD", min=0.01, help="What it may cost in all, and never more.")
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]


def nano_of(budget_usd: float | None) -> int | None:
    """A budget in billionths of a US dollar."""
    return None if budget_usd is None else round(budget_usd * NANO)


def in_dollars(nano_usd: int) -> str:
    """An amount of billionths of a US dollar."""
    return usd(nano_usd / NANO)


def expected_cost(cost: "Range") -> str:
    """A range in words."""
    return f"{in_dollars(cost.expected)} expected, from {in_dollars(cost.low)} to {in_dollars(cost.high)}"
