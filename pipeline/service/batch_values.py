"""Batches, their estimates, items and calls as the contract shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.generation_values import (
    BatchCell,
    BatchDetails,
    BatchEstimate,
    BatchItem,
    BatchSummary,
    CallsOfPurpose,
    EstimatedCalls,
    LedgerCall,
    OpenSubmission,
)
from pipeline.generation.estimating import PlanEstimate, Range
from pipeline.llm.backends import place_of
from pipeline.service.record_fields import fields_of
from pipeline.service.shown_training_files import file_summary
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.generation_records import Batch, BatchMoney, Item, LedgerRow
from pipeline.state.catalog.statuses import ItemState, Purpose


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a plan or a batch takes."""

    estimate: PlanEstimate
    provider: str
    models: Mapping[Purpose, str | None]
    """Who is asked, by purpose."""
    is_batched: bool
    is_paid: bool
    cells: list[BatchCell]
    """As they are filled by now."""


def batch_summary(batch: Batch, by_state: Mapping[ItemState, int], money: BatchMoney) -> BatchSummary:
    """A batch as lists show it."""
    return BatchSummary(**_fields(batch, by_state, money))


def batch_details(readable: Catalog, batch: Batch) -> BatchDetails:
    """A batch with all that is known of it."""
    progress = readable.progress_of(batch.id)
    return BatchDetails(
        **_fields(batch, progress.by_state, readable.spending_of(batch.id)),
        wish=batch.plan["wish"],
        plan_sha256=batch.plan["fingerprint"],
        language=batch.plan.get("language"),
        scaffold_versions=batch.scaffold_versions,
        cells=[_cell(*each) for each in sorted(progress.cells.items())],
        refills=batch.refills,
        failures=readable.failures_by_type(batch.id),
        calls=[_calls(*each) for each in sorted(readable.costs_by_purpose(batch.id).items())],
        submissions=[
            OpenSubmission(**fields_of(OpenSubmission, each))
            for each in readable.submissions_of(batch.id, only_open=True)
        ],
        files=[file_summary(each) for each in readable.training_files_of_batch(batch.id)],
    )


def batch_estimate(found: Estimated) -> BatchEstimate:
    """What a plan or a batch takes."""
    usage = found.estimate.usage
    return BatchEstimate(
        items=found.estimate.items,
        provider=_who(found.provider),
        is_batched=found.is_batched,
        cells=found.cells,
        calls=[
            EstimatedCalls(
                purpose=each.purpose,
                model=found.models[each.purpose] or "",
                input_tokens=each.usage.input_tokens,
                output_tokens=each.usage.output_tokens,
                cost_usd=_usd(each.nano_usd),
                is_calibrated=each.is_calibrated,
            )
            for each in found.estimate.calls
        ],
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=_usd(found.estimate.nano_usd),
        needs_budget=found.is_paid,
    )


def batch_item(item: Item, *, has_conversation: bool) -> BatchItem:
    """An item, and the conversation that was made of it."""
    others = {"is_asked": item.submission_id is not None, "conversation_id": item.id if has_conversation else None}
    return BatchItem(**fields_of(BatchItem, item, others))


def ledger_call(row: LedgerRow) -> LedgerCall:
    """A row of the ledger."""
    return LedgerCall(**fields_of(LedgerCall, row, {"provider": _who(row.provider)}))


def _fields(batch: Batch, by_state: Mapping[ItemState, int], money: BatchMoney) -> dict[str, Any]:
    others = {
        "provider": _who(batch.provider),
        "by_state": dict(by_state),
        "budget_usd": batch.budget_nano_usd / NANO,
        "spent_usd": money.spent_nano_usd / NANO,
        "spent_nano_usd": money.spent_nano_usd,
        "reserved_usd": money.reserved_nano_usd / NANO,
        "reserved_nano_usd": money.reserved_nano_usd,
    }
    return fields_of(BatchSummary, batch, others)


def _cell(of: tuple[str, str], counts: tuple[int, int]) -> BatchCell:
    return BatchCell(persona=of[0], arc=of[1], filled=counts[0], quota=counts[1])


def _calls(purpose: Purpose, counts: tuple[int, int]) -> CallsOfPurpose:
    calls, cost = counts
    return CallsOfPurpose(purpose=purpose, calls=calls, cost_usd=cost / NANO, cost_nano_usd=cost)


def _who(provider: str) -> str:
    """Whose prices hold: an installation's address of it is none of its users' business."""
    return place_of(provider).provider


def _usd(found: Range) -> EstimatedRange:
    return EstimatedRange(low=found.low / NANO, expected=found.expected / NANO, high=found.high / NANO)
