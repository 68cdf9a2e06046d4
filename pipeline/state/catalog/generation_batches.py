"""Batches of conversations that are made: planned, started, paused, cancelled by a person, and how far each is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, insert, or_, select, update

from pipeline.errors import BatchNotFound, Conflicting
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_records import (
    Batch,
    BatchMoney,
    FailedDraw,
    Item,
    NewBatch,
    NewItem,
    Progress,
)
from pipeline.state.catalog.generation_tables import (
    IS_OPEN,
    batch_items,
    batch_jobs,
    failed_generations,
    generated_conversations,
    llm_calls,
    llm_submissions,
)
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.selecting import check_listing, find_meant, find_row, is_of, paged
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import (
    BATCH_STATUSES,
    ENDED_ITEMS,
    OPEN_BATCHES,
    BatchStatus,
    FailureType,
    ItemState,
    NotificationKind,
)
from pipeline.state.catalog.tables import storable_text
from pipeline.wording import nano_usd

_FROM: dict[BatchStatus, tuple[BatchStatus, ...]] = {
    "running": ("planned", "paused"),
    "paused": ("running",),
    "completed": ("running",),
    "cancelled": OPEN_BATCHES,
}
_NOTICES: dict[BatchStatus, tuple[NotificationKind, str]] = {
    "running": ("generation_started", "is under way"),
    "paused": ("generation_paused", "is paused"),
    "completed": ("generation_completed", "is made"),
    "cancelled": ("generation_cancelled", "was cancelled"),
}
_RETRY_DRAWS = 100  # draws of a person's retry lie behind all that refills take
_NEWEST = (batch_jobs.c.created_at.desc(), batch_jobs.c.id)


class GenerationBatches(Database):
    """The methods that runs, the sensor, commands and the service use. `user_id=None` means any user's batches."""

    def create_batch(self, new: NewBatch, now: datetime) -> Batch:
        """Plan a batch; the same id again is the one that is there."""
        with self._writing() as connection:
            if (found := find_row(connection, batch_jobs, new.batch_id)) is not None:
                return to_batch(found)
            row = {
                "id": new.batch_id,
                "user_id": new.user_id,
                "name": new.name,
                "status": "planned",
                "plan": new.plan,
                "scaffold_versions": new.scaffold_versions,
                "provider": new.provider,
                "model": new.model,
                "annotating_model": new.annotating_model,
                "judging_model": new.judging_model,
                "is_batched": new.is_batched,
                "items": len(new.items),
                "budget_nano_usd": new.budget_nano_usd,
                "created_at": now,
                "updated_at": now,
            }
            connection.execute(insert(batch_jobs), row)
            _insert_items(connection, new.batch_id, new.user_id, new.items, now)
            return read_batch(connection, new.batch_id)

    def get_batch(self, batch_id: str, user_id: str | None = None) -> Batch:
        """Return a batch by its whole id.

        Raises:
            BatchNotFound: there is none, or it is another user's.
        """
        with self._reading() as connection:
            return read_batch(connection, batch_id, user_id)

    def find_batch(self, user_id: str | None, name_or_id: str) -> Batch:
        """Return the batch a person means: by id, else by the beginning of its id, else by name.

        Raises:
            BatchNotFound: nothing fits.
            UsageError: several fit; the message names them.
        """
        begins_so = func.substr(batch_jobs.c.id, 1, len(name_or_id)) == storable_text(name_or_id)
        meant = (batch_jobs.c.id == name_or_id, begins_so, batch_jobs.c.name == name_or_id)
        query = select(batch_jobs).where(is_of(batch_jobs, user_id)).order_by(*_NEWEST)
        with self._reading() as connection:
            found = find_meant(connection, query, meant, "batch", name_or_id, lambda row: f"{row.id} ({row.name})")
        if found is None:
            raise BatchNotFound(f"expected the id or name of a batch, found {name_or_id!r}: list the batches first")
        return to_batch(found)

    def list_batches(
        self, user_id: str | None, status: BatchStatus | None = None, page: int = 1, limit: int = 50
    ) -> list[Batch]:
        """Return a page of batches, newest first."""
        check_listing(status, BATCH_STATUSES, page, limit)
        query = select(batch_jobs).where(is_of(batch_jobs, user_id)).order_by(*_NEWEST)
        if status is not None:
            query = query.where(batch_jobs.c.status == status)
        with self._reading() as connection:
            return [Batch(*row) for row in connection.execute(paged(query, page, limit))]

    def batches_to_work_on(self, now: datetime) -> list[Batch]:
        """Return batches that are under way and whose provider may be asked, and any with money still kept back."""
        columns = batch_jobs.c
        is_due = (columns.status == "running") & (columns.resume_at.is_(None) | (columns.resume_at <= now))
        has_open = select(llm_submissions.c.id).where(llm_submissions.c.batch_id == columns.id, IS_OPEN).exists()
        query = select(batch_jobs).where(or_(is_due, has_open)).order_by(columns.created_at, columns.id)
        with self._reading() as connection:
            return [Batch(*row) for row in connection.execute(query)]

    def batches_to_report(self, limit: int) -> list[Batch]:
        """Return batches that ended and whose assets were not reported since, oldest first."""
        columns = batch_jobs.c
        has_ended = columns.status.in_(("completed", "cancelled")) & columns.reported_at.is_(None)
        with self._reading() as connection:
            query = select(batch_jobs).where(has_ended).order_by(columns.ended_at, columns.id).limit(limit)
            return [Batch(*row) for row in connection.execute(query)]

    def note_reported(self, batch_id: str, now: datetime) -> None:
        """Note that Dagster knows how a batch ended."""
        with self._writing() as connection:
            connection.execute(update(batch_jobs).where(batch_jobs.c.id == batch_id).values(reported_at=now))

    def move_batch(
        self,
        batch_id: str,
        to: BatchStatus,
        now: datetime,
        reason: str | None = None,
        user_id: str | None = None,
        budget_nano_usd: int | None = None,
    ) -> Batch:
        """Start, pause, complete or cancel a batch, and tell its owner; the status it has is no change.

        What is under way at a provider is paid and comes; a cancelled batch asks for nothing more.

        Raises:
            BatchNotFound: there is no such batch of this user.
            Conflicting: it cannot be reached from its status.
        """
        with self._writing() as connection:
            batch = read_batch(connection, batch_id, user_id, for_update=True)
            if batch.status == to and budget_nano_usd is None:
                return batch
            if batch.status != to and batch.status not in _FROM[to]:
                raise Conflicting(f"expected a batch that is {' or '.join(_FROM[to])}, found {batch_id} {batch.status}")
            if budget_nano_usd is not None:
                _check_budget(spending(connection, batch_id), budget_nano_usd)
            if to == "completed" and _has_unended(connection, batch_id):
                return batch  # somebody drew items anew meanwhile
            _change(connection, batch, to, now, reason, budget_nano_usd)
            return read_batch(connection, batch_id)

    def pause_batch(self, batch_id: str, reason: str, now: datetime) -> None:
        """Pause a batch that is under way, and tell its owner; any other stays as it is."""
        with self._writing() as connection:
            pause(connection, batch_id, reason, now)

    def hold_batch(self, batch_id: str, until: datetime, reason: str, now: datetime) -> None:
        """Ask nothing more of a batch's provider before a moment."""
        values = {"resume_at": until, "status_reason": reason, "updated_at": now}
        with self._writing() as connection:
            connection.execute(update(batch_jobs).where(batch_jobs.c.id == batch_id).values(values))

    def add_items(self, batch_id: str, items: Sequence[NewItem], round_number: int, now: datetime) -> bool:
        """Add items that make others good, once for each round; False where that round was added before."""
        with self._writing() as connection:
            batch = read_batch(connection, batch_id, for_update=True)
            if batch.refills >= round_number or batch.status != "running":
                return False
            _insert_items(connection, batch_id, batch.user_id, items, now)
            changed = {"refills": round_number, "items": batch.items + len(items), "updated_at": now}
            connection.execute(update(batch_jobs).where(batch_jobs.c.id == batch_id).values(changed))
            return True

    def retry_items(self, batch_id: str, numbers: Sequence[int] | None, user_id: str | None, now: datetime) -> int:
        """Draw failed items of a batch anew; None for all of them. Returns how many.

        One with a conversation is passed by: a person edits or rejects that.

        Raises:
            BatchNotFound: there is no such batch of this user.
        """
        columns = batch_items.c
        with self._writing() as connection:
            batch = read_batch(connection, batch_id, user_id, for_update=True)
            has_conversation = select(generated_conversations.c.id).where(generated_conversations.c.id == columns.id)
            change = update(batch_items).where(
                columns.batch_id == batch_id, columns.state == "failed", ~has_conversation.exists()
            )
            if numbers is not None:
                change = change.where(columns.number.in_(list(numbers)))
            again = {"state": "planned", "state_reason": None, "draw": columns.draw + _RETRY_DRAWS, "updated_at": now}
            count = connection.execute(change.values(again)).rowcount
            if count and batch.status in ("completed", "cancelled"):
                reopened = {"status": "running", "status_reason": None, "ended_at": None, "reported_at": None}
                connection.execute(update(batch_jobs).where(batch_jobs.c.id == batch_id).values(reopened))
            if count:
                touch_batch(connection, batch_id, now)
            return count

    def items_of(self, batch_id: str) -> list[Item]:
        """Return a batch's items, by number."""
        query = select(batch_items).where(batch_items.c.batch_id == batch_id).order_by(batch_items.c.number)
        with self._reading() as connection:
            return [Item(*row) for row in connection.execute(query)]

    def item_counts(self, batch_id: str) -> dict[tuple[ItemState, bool], int]:
        """Return how many items of a batch are in each state, those that are being asked apart (True)."""
        columns = batch_items.c
        is_asked = columns.submission_id.is_not(None)
        query = select(columns.state, is_asked, func.count()).where(columns.batch_id == batch_id)
        with self._reading() as connection:
            found = connection.execute(query.group_by(columns.state, is_asked))
            return {(row[0], bool(row[1])): row[2] for row in found}

    def spending_of(self, batch_id: str) -> BatchMoney:
        """Return what a batch cost, and what is kept back."""
        with self._reading() as connection:
            return spending(connection, batch_id)

    def idle_items(self, batch_id: str, state: ItemState, limit: int) -> list[Item]:
        """Return items of a batch in a state that nobody asks for, by number."""
        columns = batch_items.c
        is_idle = (columns.batch_id == batch_id) & (columns.state == state) & columns.submission_id.is_(None)
        with self._reading() as connection:
            found = connection.execute(select(batch_items).where(is_idle).order_by(columns.number).limit(limit))
            return [Item(*row) for row in found]

    def progress_of(self, batch_id: str) -> Progress:
        """Return how many items of a batch are in which state, and how many of each persona and arc are accepted."""
        columns = batch_items.c
        is_of_batch = columns.batch_id == batch_id
        # What makes another good takes its place.
        accepted = func.sum(case((columns.state == "accepted", 1), else_=0))
        planned = func.sum(case((columns.refill_of.is_(None), 1), else_=0))
        states = select(columns.state, func.count()).where(is_of_batch)
        cells = select(columns.persona, columns.arc, accepted, planned).where(is_of_batch)
        with self._reading() as connection:
            by_state = {row[0]: row[1] for row in connection.execute(states.group_by(columns.state))}
            found = connection.execute(cells.group_by(columns.persona, columns.arc))
            return Progress(by_state, {(persona, arc): (int(done), int(all_)) for persona, arc, done, all_ in found})

    def failed_draws(
        self, batch_id: str, page: int = 1, limit: int = 50, failure_type: FailureType | None = None
    ) -> list[FailedDraw]:
        """Return what came to nothing in a batch, newest first, each with the raw answer; None for every type."""
        columns, item = failed_generations.c, batch_items.c
        query = (
            select(
                columns.id,
                columns.item_id,
                item.number,
                columns.draw,
                columns.purpose,
                columns.failure_type,
                columns.detail,
                columns.stop_reason,
                columns.raw_response,
                columns.model,
                item.persona,
                item.arc,
                item.topic,
                columns.created_at,
            )
            .join(batch_items, item.id == columns.item_id)
            .where(columns.batch_id == batch_id)
            .order_by(columns.id.desc())
        )
        if failure_type is not None:
            query = query.where(columns.failure_type == failure_type)
        with self._reading() as connection:
            return [FailedDraw(*row) for row in connection.execute(paged(query, page, limit))]

    def failures_by_type(self, batch_id: str) -> dict[FailureType, int]:
        """Return how many draws of a batch came to nothing, by what went wrong."""
        columns = failed_generations.c
        query = select(columns.failure_type, func.count()).where(columns.batch_id == batch_id)
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(columns.failure_type))}


def read_batch(connection: Connection, batch_id: str, user_id: str | None = None, *, for_update: bool = False) -> Batch:
    """Read one batch inside the caller's transaction; another user's is as good as none.

    Raises:
        BatchNotFound: there is no such batch of this user.
    """
    row = find_row(connection, batch_jobs, batch_id, user_id, for_update=for_update)
    if row is None:
        raise BatchNotFound(f"expected the id of a batch, found {batch_id!r}: list the batches first")
    return to_batch(row)


def _check_budget(money: BatchMoney, budget_nano_usd: int) -> None:
    least = money.spent_nano_usd + money.reserved_nano_usd
    if budget_nano_usd < least:
        raise Conflicting(
            f"expected a budget of {nano_usd(least)} or more, which are spent or kept back already, found "
            f"{nano_usd(budget_nano_usd)}"
        )


def _has_unended(connection: Connection, batch_id: str) -> bool:
    columns = batch_items.c
    left = select(columns.id).where(columns.batch_id == batch_id, columns.state.not_in(ENDED_ITEMS)).limit(1)
    return connection.execute(left).one_or_none() is not None


def to_batch(row: Sequence[Any]) -> Batch:
    """Make the record of a whole row of `batch_jobs`."""
    return Batch(*row)


def touch_batch(connection: Connection, batch_id: str, now: datetime) -> None:
    """Note that something of a batch changed, inside the caller's transaction: the warehouse is told by it."""
    connection.execute(update(batch_jobs).where(batch_jobs.c.id == batch_id).values(updated_at=now))


def settle_cancelled(connection: Connection, batch_id: str, now: datetime) -> None:
    """End what came after its batch was cancelled, inside the caller's transaction."""
    if read_batch(connection, batch_id).status == "cancelled":
        _cancel_items(connection, batch_id, now)


def spending(connection: Connection, batch_id: str) -> BatchMoney:
    """The same inside the caller's transaction."""
    return spending_by_batch(connection, [batch_id])[batch_id]


def spending_by_batch(connection: Connection, batch_ids: Sequence[str]) -> dict[str, BatchMoney]:
    """What each of some batches did cost, inside the caller's transaction."""
    call, sub = llm_calls.c, llm_submissions.c
    paid = select(call.batch_id, func.sum(call.cost_nano_usd)).where(call.batch_id.in_(batch_ids))
    kept = select(sub.batch_id, func.sum(sub.reserved_nano_usd)).where(sub.batch_id.in_(batch_ids), IS_OPEN)
    spent = {row[0]: int(row[1]) for row in connection.execute(paid.group_by(call.batch_id))}
    reserved = {row[0]: int(row[1]) for row in connection.execute(kept.group_by(sub.batch_id))}
    return {each: BatchMoney(spent.get(each, 0), reserved.get(each, 0)) for each in batch_ids}


def pause(connection: Connection, batch_id: str, reason: str, now: datetime, *, tells_always: bool = False) -> None:
    """Pause a batch that is under way, inside the caller's transaction. tells_always: its owner, also of any other."""
    batch = read_batch(connection, batch_id, for_update=True)
    if batch.status == "running":
        _change(connection, batch, "paused", now, reason, None)
    elif tells_always:
        _tell(connection, batch, "generation_paused", "needs you", reason, now)


def _change(
    connection: Connection, batch: Batch, to: BatchStatus, now: datetime, reason: str | None, budget: int | None
) -> None:
    values: dict[str, Any] = {"status": to, "status_reason": reason, "updated_at": now}
    if to == "running":
        values |= {"started_at": batch.started_at or now, "resume_at": None}
    elif to in ("completed", "cancelled"):
        values["ended_at"] = now
    if budget is not None:
        values["budget_nano_usd"] = budget
    connection.execute(update(batch_jobs).where(batch_jobs.c.id == batch.id).values(values))
    if to == "cancelled":
        _cancel_items(connection, batch.id, now)
    if batch.status != to:
        _tell(connection, batch, *_NOTICES[to], reason, now)


def _tell(
    connection: Connection, batch: Batch, kind: NotificationKind, happened: str, reason: str | None, now: datetime
) -> None:
    message = f"{reason[:1].upper()}{reason[1:]}." if reason else "Its page shows how it goes."
    notice = Notice(
        kind, f"{batch.id} {now.isoformat()}", f"The batch {batch.name} {happened}", message, None, batch.id
    )
    send(connection, None, batch.user_id, notice, now)


def _cancel_items(connection: Connection, batch_id: str, now: datetime) -> None:
    """What was written stays, for a person to look at; what is at a provider comes, and what nobody asked for ends."""
    columns = batch_items.c
    sub = llm_submissions.c
    never_sent = select(sub.id).where(sub.batch_id == batch_id, sub.state == "prepared")
    freed = {"submission_id": None, "bound_nano_usd": None, "request_count": None}
    connection.execute(update(batch_items).where(columns.submission_id.in_(never_sent)).values(freed))
    unsent = update(llm_submissions).where(sub.batch_id == batch_id, sub.state == "prepared")
    connection.execute(unsent.values(state="refused", state_reason="the batch was cancelled", ended_at=now))
    is_idle = (columns.batch_id == batch_id) & columns.submission_id.is_(None) & columns.state.not_in(ENDED_ITEMS)
    made = {"state": "needs_review", "state_reason": "the batch was cancelled before it was judged"}
    written = columns.state.in_(("written", "annotated", "judged"))
    ids = select(columns.id).where(is_idle, written)
    kept = {"status": "needs_review", "status_reason": made["state_reason"], "updated_at": now}
    connection.execute(update(generated_conversations).where(generated_conversations.c.id.in_(ids)).values(kept))
    connection.execute(update(batch_items).where(is_idle, written).values(made | {"updated_at": now}))
    gone = {"state": "failed", "state_reason": "the batch was cancelled", "updated_at": now}
    connection.execute(update(batch_items).where(is_idle, columns.state == "planned").values(gone))


def _insert_items(connection: Connection, batch_id: str, user_id: str, items: Sequence[NewItem], now: datetime) -> None:
    for chunk in chunks(items):
        rows = [
            {
                "id": f"{batch_id}.{item.number}",
                "batch_id": batch_id,
                "user_id": user_id,
                "number": item.number,
                "persona": item.persona,
                "arc": item.arc,
                "topic": item.topic,
                "template": item.template,
                "tier": item.tier,
                "seed": item.seed,
                "turns": item.turns,
                "opening": item.opening,
                "situation": item.situation,
                "refill_of": item.refill_of,
                "avoided_openings": item.avoided_openings and list(item.avoided_openings),
                "draw": item.draw,
                "state": "planned",
                "updated_at": now,
            }
            for item in chunk
        ]
        connection.execute(insert(batch_items), rows)
