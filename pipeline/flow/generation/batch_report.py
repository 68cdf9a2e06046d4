"""What is known of a batch: how far it is, what it cost, what came to nothing, how much its conversations differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from pipeline.flow.generation.audit import UsageAudit, audit_usage
from pipeline.generation.agreement import RepeatAgreement, repeat_agreement
from pipeline.generation.likeness import Likeness, without_repeats
from pipeline.generation.model import Judgement, MadeConversation
from pipeline.generation.variety import Variety, measure_variety
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch, BatchMoney, Progress, Version
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import FailureType, ItemState, Purpose
from pipeline.state.lake import Lake


@dataclass(frozen=True, slots=True)
class BatchReport:
    """pairs: arc and topic pairs of the plan without an accepted conversation."""

    batch: Batch
    progress: Progress
    money: BatchMoney
    calls: Mapping[Purpose, tuple[int, int]]
    """For each purpose how many, and their cost in billionths of a US dollar."""
    failures: Mapping[FailureType, int]
    """Draws by type."""
    empty_pairs: tuple[tuple[str, str], ...]
    lacking: int
    variety: Variety
    repeats: int
    """Accepted conversations that say nearly what another says."""
    unjudged: int
    repeated_judgements: RepeatAgreement
    """How far those agree that were judged twice."""
    audited: Callable[[], UsageAudit]
    """Reads the raw results in the lake when it is called."""

    def count(self, state: ItemState) -> int:
        """How many items are in a state."""
        return self.progress.by_state.get(state, 0)


def report_of_batch(catalog: Catalog, lake: Lake, batch_id: str) -> BatchReport:
    """Read it from the catalog.

    Raises:
        BatchNotFound: there is no such batch.
    """
    batch = catalog.get_batch(batch_id)
    items = catalog.items_of(batch_id)
    accepted = [item for item in items if item.state == "accepted"]
    made: list[MadeConversation] = []
    pairs: list[tuple[Judgement, Judgement]] = []
    unjudged = 0
    for chunk in chunks(accepted):  # a version is many times as large as what is compared of it
        versions = catalog.newest_versions([item.id for item in chunk])
        made += [msgspec.convert(versions[item.id].content, MadeConversation) for item in chunk]
        pairs += _judged_twice(versions)
        unjudged += sum(version.judgement is None for version in versions.values())
    there = {(item.arc, item.topic) for item in items if item.state in ("accepted", "needs_review")}
    wanted = dict.fromkeys((item.arc, item.topic) for item in items)
    planned = sum(item.refill_of is None for item in items)
    return BatchReport(
        batch=batch,
        progress=catalog.progress_of(batch_id),
        money=catalog.spending_of(batch_id),
        calls=catalog.costs_by_purpose(batch_id),
        failures=catalog.failures_by_type(batch_id),
        empty_pairs=tuple(pair for pair in wanted if pair not in there),
        lacking=max(0, planned - sum(item.state in ("accepted", "needs_review") for item in items)),
        variety=measure_variety(made),
        repeats=len(without_repeats(Likeness(made), range(len(made)), rank=lambda place: place)) if made else 0,
        unjudged=unjudged,
        repeated_judgements=repeat_agreement(pairs),
        audited=lambda: audit_usage(catalog, lake, batch),
    )


def _judged_twice(versions: Mapping[str, Version]) -> list[tuple[Judgement, Judgement]]:
    pairs = []
    for version in versions.values():
        first = dict(version.judgement or {})
        second = first.pop("again", None)
        if second:
            pairs.append((msgspec.convert(first, Judgement), msgspec.convert(second, Judgement)))
    return pairs
