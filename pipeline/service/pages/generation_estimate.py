"""What a planned batch of conversations has and takes, in words: a table, tokens, money; nothing is kept yet."""

from dataclasses import dataclass
from math import ceil

from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.generation_values import BatchEstimate
from pipeline.service.pages.batch_figures import money_said
from pipeline.service.pages.batch_matrix import Matrix, matrix_of
from pipeline.service.pages.made_names import ScaffoldNames
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.statuses import Purpose
from pipeline.wording import compact, count_of

PURPOSES: dict[Purpose, str] = {"generate": "Writing", "annotate": "Annotating", "judge": "Judging"}


@dataclass(frozen=True, slots=True)
class EstimatedPurpose:
    """What all calls of one purpose take."""

    label: str
    model: str
    tokens: str
    """Read and written."""
    low: str
    expected: str
    high: str


@dataclass(frozen=True, slots=True)
class GenerationEstimate:
    """The panel."""

    headline: str
    said: str
    cost: str
    cost_range: str
    tokens: str
    tokens_note: str
    calls: tuple[EstimatedPurpose, ...]
    matrix: Matrix
    needs_budget: bool
    budget_usd: str
    """One that most batches like this stay within, to be typed; empty where nothing is paid."""


def generation_estimate(found: BatchEstimate, names: ScaffoldNames) -> GenerationEstimate:
    """An estimate in words."""
    cost = found.cost_usd
    headline = f"{count_of(found.items, 'conversation')}, {'in batches' if found.is_batched else 'one by one'}"
    expected, bounds = (
        (_usd(cost.expected), f"{_usd(cost.low)} to {_usd(cost.high)}") if found.needs_budget else ("", "")
    )
    return GenerationEstimate(
        headline=headline,
        said=f"{headline}: {expected or 'nothing'} expected",
        cost=expected,
        cost_range=bounds,
        tokens=compact(found.input_tokens + found.output_tokens),
        tokens_note=f"{compact(found.input_tokens)} read, {compact(found.output_tokens)} written",
        calls=tuple(
            EstimatedPurpose(
                PURPOSES[each.purpose],
                each.model,
                f"{compact(each.input_tokens)} + {compact(each.output_tokens)}",
                *_range(each.cost_usd),
            )
            for each in found.calls
        ),
        matrix=matrix_of(found.cells, names, is_plan=True),
        needs_budget=found.needs_budget,
        budget_usd=f"{ceil(cost.high * 100) / 100:.2f}" if found.needs_budget else "",
    )


def _range(found: EstimatedRange) -> tuple[str, str, str]:
    return _usd(found.low), _usd(found.expected), _usd(found.high)


def _usd(amount: float) -> str:
    return money_said(round(amount * NANO))
