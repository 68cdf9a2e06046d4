"""Batches of conversations as users see them: estimated, planned, started, ended, and their items.

Nothing here asks a model, nor knows a key: what is started is worked on by runs. The ledger is in `ledger_service.py`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.contract.generation_values import (
    BatchCell,
    BatchDetails,
    BatchEstimate,
    BatchItems,
    BatchList,
    BatchSummary,
    EstimatedBatch,
    FailedGeneration,
    FailedGenerations,
    RetriedItems,
    WantedSettling,
)
from pipeline.dataset.tokens import load_tokenizer
from pipeline.flow.generation.batch_estimates import estimate_batch, estimate_plan
from pipeline.flow.generation.installing import making_of
from pipeline.flow.generation.making import Making
from pipeline.flow.generation.planning import Laid, is_paid, keep, lay_out, start
from pipeline.flow.generation.scaffold_sets import ensure_scaffolds
from pipeline.flow.generation.settling import settle
from pipeline.service.batch_values import (
    Estimated,
    batch_details,
    batch_estimate,
    batch_item,
    batch_summary,
)
from pipeline.service.new_batch import NewBatch
from pipeline.service.record_fields import fields_of
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.generation_records import Batch
from pipeline.state.catalog.statuses import PURPOSES, BatchStatus, FailureType, ItemState

MAX_LIMIT = 100
MAX_FAILURES = 20  # a page: an answer of each may have 256 KiB


def estimate_wish(service: Service, user: User, wanted: NewBatch) -> BatchEstimate:
    """What a batch would take; nothing is written.

    Raises:
        UsageError: there can be no such plan, a model has no price or would judge itself, or nobody is asked here.
    """
    with _making(service, user) as making:
        return _estimated_plan(service, making, _laid(service, making, user, wanted))


def create_batch(service: Service, user: User, wanted: NewBatch) -> EstimatedBatch:
    """Keep a plan, which is started by a person.

    Raises:
        UsageError: as `estimate_wish`.
    """
    with _making(service, user) as making:
        laid = _laid(service, making, user, wanted)
        estimate = _estimated_plan(service, making, laid)
        batch = keep(making, user.id, laid, service.now())
    return EstimatedBatch(batch=batch_details(service.made(user).own, batch), estimate=estimate)


def list_batches(service: Service, user: User, status: BatchStatus | None, *, page: int, limit: int) -> BatchList:
    """One page of the batches that a user may see."""
    access = service.made(user)
    found, total = access.batches(status, page, limit)
    ids = [batch.id for batch in found]
    states, money = access.readable.states_of_batches(ids), access.readable.spending_of_batches(ids)
    items = [batch_summary(batch, states[batch.id], money[batch.id]) for batch in found]
    return BatchList(items=items, total=total, page=page, limit=limit)


def show_batch(service: Service, user: User, batch_id: str) -> BatchDetails:
    """Everything about a batch.

    Raises:
        BatchNotFound: there is none that the user may see.
    """
    access = service.made(user)
    return batch_details(access.readable, access.batch(batch_id))


def show_summary(service: Service, user: User, batch_id: str) -> BatchSummary:
    """How far a batch is, in short.

    Raises:
        BatchNotFound: there is none that the user may see.
    """
    access = service.made(user)
    batch = access.batch(batch_id)
    states, money = access.readable.states_of_batches([batch.id]), access.readable.spending_of_batches([batch.id])
    return batch_summary(batch, states[batch.id], money[batch.id])


def start_batch(service: Service, user: User, batch_id: str, budget_usd: float | None) -> EstimatedBatch:
    """Let one's own batch be worked on, or go on.

    Raises:
        BatchNotFound: there is none of this user.
        Conflicting: it has ended.
        UsageError: it costs money, and no budget bounds it; says what it is expected to cost.
    """
    budget = None if budget_usd is None else round(budget_usd * NANO)
    with _making(service, user) as making:
        estimate = _estimated_batch(service, making, service.made(user).own_batch(batch_id))
        batch = start(making, batch_id, user.id, budget, service.now())
    return EstimatedBatch(batch=batch_details(service.made(user).own, batch), estimate=estimate)


def move_batch(service: Service, user: User, batch_id: str, to: BatchStatus, reason: str | None) -> BatchDetails:
    """Pause or cancel one's own batch; what is at a provider is paid, and comes.

    Raises:
        BatchNotFound: there is none of this user.
        Conflicting: it is not in a status from which it can.
    """
    own = service.made(user).own
    return batch_details(own, own.move_batch(batch_id, to, service.now(), reason, user.id))


def retry_items(service: Service, user: User, batch_id: str, numbers: Sequence[int] | None) -> RetriedItems:
    """Draw failed items of one's own batch anew, within its budget; None for all of them.

    Raises:
        BatchNotFound: there is none of this user.
    """
    own = service.made(user).own
    retried = own.retry_items(batch_id, numbers, user.id, service.now())
    return RetriedItems(retried=retried, batch=show_batch(service, user, batch_id))


def settle_submission(service: Service, user: User, batch_id: str, said: WantedSettling) -> BatchDetails:
    """Say what became of requests of one's own batch that may be at the provider; then it may be started again.

    Raises:
        BatchNotFound: there is none of this user.
        UsageError: it has no such submission under way.
        Conflicting: nothing is to be settled of it, it may still be on its way, or that batch is another's.
    """
    access = service.made(user)
    batch = access.own_batch(batch_id)
    settle(access.own, batch, said.submission_id, said.external_id, service.now())
    return batch_details(access.own, batch)


def list_items(
    service: Service, user: User, batch_id: str, state: ItemState | None, *, page: int, limit: int
) -> BatchItems:
    """One page of what a batch is to make.

    Raises:
        BatchNotFound: there is none that the user may see.
    """
    access = service.made(user)
    batch = access.batch(batch_id)
    counts = access.readable.progress_of(batch.id).by_state
    found = access.readable.list_items(batch.id, state, page, limit)
    items = [batch_item(item, has_conversation=has_conversation) for item, has_conversation in found]
    total = batch.items if state is None else counts.get(state, 0)
    return BatchItems(items=items, total=total, page=page, limit=limit)


def list_failures(
    service: Service, user: User, batch_id: str, failure_type: FailureType | None, *, page: int, limit: int
) -> FailedGenerations:
    """One page of what came to nothing, with the answers as they came.

    Raises:
        BatchNotFound: there is none that the user may see.
    """
    access = service.made(user)
    batch = access.batch(batch_id)
    counts = access.readable.failures_by_type(batch.id)
    found = access.readable.failed_draws(batch.id, page, limit, failure_type)
    items = [FailedGeneration(**fields_of(FailedGeneration, each)) for each in found]
    total = sum(counts.values()) if failure_type is None else counts.get(failure_type, 0)
    return FailedGenerations(items=items, total=total, page=page, limit=limit)


@contextmanager
def _making(service: Service, user: User) -> Iterator[Making]:
    """What plans and estimates need. Without an environment there is no key: whoever asked a model would be refused."""
    ensure_scaffolds(service.catalog, service.now())
    with making_of(service.made(user).own, service.lake, service.settings, {}) as making:
        yield making


def _laid(service: Service, making: Making, user: User, wanted: NewBatch) -> Laid:
    return lay_out(making, user.id, wanted.wish(service.settings))


def _estimated_plan(service: Service, making: Making, laid: Laid) -> BatchEstimate:
    wish = laid.wish
    cells = [
        BatchCell(persona=persona, arc=arc, filled=0, quota=quota)
        for arc, by_persona in laid.plan.matrix().items()
        for persona, quota in by_persona.items()
        if quota
    ]
    return batch_estimate(
        Estimated(
            estimate_plan(making, laid, load_tokenizer(service.settings.tokenizer)),
            wish.provider,
            wish.models,
            laid.is_batched,
            is_paid(making, wish.provider, wish.models.values()),
            sorted(cells, key=lambda cell: (cell.persona, cell.arc)),
        )
    )


def _estimated_batch(service: Service, making: Making, batch: Batch) -> BatchEstimate:
    models = {purpose: batch.model_for(purpose) for purpose in PURPOSES}
    return batch_estimate(
        Estimated(
            estimate_batch(making, batch, load_tokenizer(service.settings.tokenizer)),
            batch.provider,
            models,
            batch.is_batched,
            is_paid(making, batch.provider, models.values()),
            batch_details(making.catalog, batch).cells,
        )
    )
