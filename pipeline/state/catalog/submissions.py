"""What is asked of providers, and the ledger of what was paid: money is kept back before, and booked once.

A submission is prepared with its body, opened within the budget, sent, ended, ingested. Whoever dies between two steps
leaves what the next look finds. Money is in billionths of a US dollar.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, insert, select, update

from pipeline.errors import Conflicting
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_batches import pause, read_batch, settle_cancelled, spending, touch_batch
from pipeline.state.catalog.generation_records import Item, NewCall, NewSubmission, Step, Submission
from pipeline.state.catalog.generation_tables import (
    IS_OPEN,
    batch_items,
    failed_generations,
    llm_calls,
    llm_submissions,
)
from pipeline.state.catalog.made_conversations import insert_conversations, update_enriched
from pipeline.state.catalog.statements import chunks, insert_or
from pipeline.state.catalog.statuses import FailureType, ItemState, Purpose, SubmissionState

ASKED_IN: dict[Purpose, ItemState] = {"generate": "planned", "annotate": "written", "judge": "annotated"}
"""In which state an item is asked for what."""
_LONGEST_RAW = 262_144  # characters of an answer that came to nothing; far more than any model's longest


class Submissions(Database):
    """The methods that runs and the sensor use."""

    def prepare_submission(self, new: NewSubmission, now: datetime) -> Submission:
        """Put items together that are asked in one go; its body is in the lake already.

        Raises:
            Conflicting: the batch is not under way, or another took one of the items.
        """
        with self._writing() as connection:
            batch = read_batch(connection, new.batch_id, for_update=True)
            if batch.status != "running":
                raise Conflicting(f"expected a batch under way, found {batch.id} {batch.status}")
            row = {
                "id": new.submission_id,
                "batch_id": batch.id,
                "user_id": batch.user_id,
                "purpose": new.purpose,
                "provider": batch.provider,
                "model": new.model,
                "is_batched": new.is_batched,
                "state": "prepared",
                "requests": sum(new.request_counts.get(item_id, 1) for item_id in new.bounds),
                "body_sha256": new.body_sha256,
                "reserved_nano_usd": sum(new.bounds.values()),
                "created_at": now,
            }
            connection.execute(insert(llm_submissions), row)
            _attach(connection, new, now)
            return _read(connection, new.submission_id)

    def open_submission(self, submission_id: str, now: datetime) -> Literal["open", "over_budget", "busy", "stopped"]:
        """Keep its money back and allow it to be sent, in one transaction.

        over_budget: what was spent, what is kept back and this exceed the batch's budget. busy: another is being sent
        to the same provider. stopped: its batch is not under way.
        """
        with self._writing() as connection:
            submission = _read(connection, submission_id)
            batch = read_batch(connection, submission.batch_id, for_update=True)
            submission = _read(connection, submission_id)
            if batch.status != "running" or submission.state != "prepared":
                return "stopped"
            so_far = spending(connection, batch.id)
            total = so_far.spent_nano_usd + so_far.reserved_nano_usd + submission.reserved_nano_usd
            if total > batch.budget_nano_usd:
                return "over_budget"
            columns = llm_submissions.c
            sending = select(columns.id).where(columns.provider == submission.provider, columns.state == "sending")
            if submission.is_batched and connection.execute(sending.limit(1)).one_or_none() is not None:
                return "busy"
            state: SubmissionState = "sending" if submission.is_batched else "asking"
            _move(connection, submission_id, ("prepared",), state, sending_at=now, beat_at=now)
            return "open"

    def note_sent(
        self, submission_id: str, external_id: str, now: datetime, sending_at: datetime | None = None
    ) -> bool:
        """Note how the provider calls it; False where that is known already.

        sending_at: when whoever notes it was allowed to send; another who was allowed later counts, not this one.
        """
        with self._writing() as connection:
            if sending_at is not None and _read(connection, submission_id).sending_at != sending_at:
                return False
            of: tuple[SubmissionState, ...] = ("sending", "doubtful")
            return _move(connection, submission_id, of, "sent", external_id=external_id, sent_at=now)

    def take_back(self, submission_id: str, now: datetime, sending_at: datetime | None = None) -> bool:
        """Note that the provider has nothing of it: it is sent again, the same body, unless its batch was cancelled."""
        with self._writing() as connection:
            batch = read_batch(connection, _read(connection, submission_id).batch_id, for_update=True)
            if sending_at is not None and _read(connection, submission_id).sending_at != sending_at:
                return False
            of: tuple[SubmissionState, ...] = ("sending", "doubtful")
            if batch.status != "cancelled":
                return _move(connection, submission_id, of, "prepared", sending_at=None)
            return _give_up(connection, submission_id, of, "refused", "the batch was cancelled", now)

    def note_doubtful(self, submission_id: str, reason: str, now: datetime) -> bool:
        """Leave it to a person what became of it, and tell its owner; others may send to the provider meanwhile."""
        with self._writing() as connection:
            batch = read_batch(connection, _read(connection, submission_id).batch_id, for_update=True)
            if not _move(connection, submission_id, ("sending",), "doubtful", state_reason=reason):
                return False
            pause(connection, batch.id, reason, now, tells_always=True)
            return True

    def note_absent(self, submission_id: str, reason: str, now: datetime) -> None:
        """Note that its provider knows nothing of it now, and pause its batch: a person may say that it is gone."""
        with self._writing() as connection:
            batch = read_batch(connection, _read(connection, submission_id).batch_id, for_update=True)
            _move(connection, submission_id, ("sent",), "sent", state_reason=reason)
            pause(connection, batch.id, reason, now)

    def note_answered(self, submission_id: str, now: datetime) -> bool:
        """Note that its results are in the lake."""
        with self._writing() as connection:
            return _move(connection, submission_id, ("sent",), "ended", ended_at=now)

    def give_up(
        self, submission_id: str, state: Literal["refused", "aside"], reason: str, now: datetime, *, pauses: bool
    ) -> bool:
        """Free its items: the provider refused all of it, or what came is not an answer to it."""
        with self._writing() as connection:
            submission = _read(connection, submission_id)
            read_batch(connection, submission.batch_id, for_update=True)
            if pauses:
                pause(connection, submission.batch_id, reason, now)
            live: tuple[SubmissionState, ...] = ("prepared", "sending", "doubtful", "asking", "sent", "ended")
            return _give_up(connection, submission_id, live, state, reason, now)

    def note_asked(self, submission_id: str, item_id: str, now: datetime) -> bool:
        """Note that an item is about to be asked, before it is; False where its batch is not to ask any more."""
        columns = batch_items.c
        is_meant = (columns.id == item_id) & (columns.submission_id == submission_id)
        with self._writing() as connection:
            if read_batch(connection, _read(connection, submission_id).batch_id).status != "running":
                return False
            if not _move(connection, submission_id, ("asking",), "asking", beat_at=now):
                return False
            return connection.execute(update(batch_items).where(is_meant).values(asked_at=now)).rowcount == 1

    def take_answers(
        self,
        submission_id: str,
        calls: Sequence[NewCall],
        steps: Sequence[Step],
        now: datetime,
        *,
        is_last: bool,
        reason: str | None = None,
    ) -> bool:
        """Book calls and let items go on, in one transaction; the same again changes nothing.

        steps: of items that are still of this submission; others are passed by. is_last: nothing more comes of it, and
        items without a step are free again. Returns False where nothing was to be taken.
        """
        with self._writing() as connection:
            # Whoever changes a batch, its items or its submissions holds the batch's row.
            read_batch(connection, _read(connection, submission_id).batch_id, for_update=True)
            submission = _read(connection, submission_id)
            if submission.state not in ("ended", "asking"):
                return False
            _book(connection, submission, calls, now)
            items = _items(connection, submission_id)
            meant = [(items[step.item_id], step) for step in steps if step.item_id in items]
            _let_go_on(connection, submission, meant, now)
            left = {} if is_last else {**items}
            for item, _step in meant:
                left.pop(item.id, None)
            kept = sum(item.bound_nano_usd or 0 for item in left.values())
            state: SubmissionState = "ingested" if is_last else submission.state
            ended = {"ended_at": submission.ended_at or now} if is_last else {}
            _move(
                connection, submission_id, (submission.state,), state,
                reserved_nano_usd=kept, state_reason=reason, beat_at=now, **ended,
            )  # fmt: skip
            if is_last:
                freed = {"submission_id": None, "asked_at": None, "bound_nano_usd": None, "request_count": None}
                still = update(batch_items).where(batch_items.c.submission_id == submission_id)
                connection.execute(still.values(freed))
            settle_cancelled(connection, submission.batch_id, now)
            return True

    def submissions_of(self, batch_id: str, *, only_open: bool = False) -> list[Submission]:
        """Return a batch's submissions, oldest first. only_open: those that are not done with."""
        columns = llm_submissions.c
        query = select(llm_submissions).where(columns.batch_id == batch_id)
        if only_open:
            query = query.where(IS_OPEN | (columns.state == "prepared"))
        with self._reading() as connection:
            found = connection.execute(query.order_by(columns.created_at, columns.id))
            return [Submission(*row) for row in found]

    def items_under_way(self, submission_id: str) -> list[Item]:
        """Return the items that a submission has not answered yet, by number."""
        with self._reading() as connection:
            return list(_items(connection, submission_id).values())

    def known_external_ids(self, provider: str, but: str) -> list[str]:
        """Return how a provider calls what belongs to other submissions than this."""
        columns = llm_submissions.c
        query = select(columns.external_id).where(columns.provider == provider, columns.external_id.is_not(None))
        with self._reading() as connection:
            return list(connection.execute(query.where(columns.id != but)).scalars())

    def failures_of(self, batch_id: str, purpose: Purpose) -> dict[str, list[tuple[FailureType, str]]]:
        """Return what came to nothing so far for each item of a batch, oldest first: its type and what was found."""
        columns = failed_generations.c
        query = select(columns.item_id, columns.failure_type, columns.detail).where(
            columns.batch_id == batch_id, columns.purpose == purpose
        )
        found: dict[str, list[tuple[FailureType, str]]] = {}
        with self._reading() as connection:
            for item_id, kind, detail in connection.execute(query.order_by(columns.id)):
                found.setdefault(item_id, []).append((kind, detail))
        return found

    def note_unasked(self, submission_id: str, item_id: str) -> None:
        """Note that an item was not asked after all: nothing was done, and nothing is paid."""
        columns = batch_items.c
        is_meant = (columns.id == item_id) & (columns.submission_id == submission_id)
        with self._writing() as connection:
            connection.execute(update(batch_items).where(is_meant).values(asked_at=None))

    def costs_by_purpose(self, batch_id: str) -> dict[Purpose, tuple[int, int]]:
        """Return how many calls a batch had for each purpose, and what they cost."""
        columns = llm_calls.c
        query = select(columns.purpose, func.count(), func.sum(columns.cost_nano_usd)).where(
            columns.batch_id == batch_id
        )
        with self._reading() as connection:
            return {row[0]: (row[1], int(row[2])) for row in connection.execute(query.group_by(columns.purpose))}


def _read(connection: Connection, submission_id: str) -> Submission:
    return _to_submission(
        connection.execute(select(llm_submissions).where(llm_submissions.c.id == submission_id)).one()
    )


def _to_submission(row: Sequence[Any]) -> Submission:
    return Submission(*row)


def _give_up(
    connection: Connection,
    submission_id: str,
    of: Sequence[SubmissionState],
    state: SubmissionState,
    reason: str,
    now: datetime,
) -> bool:
    if not _move(connection, submission_id, of, state, state_reason=reason, ended_at=now):
        return False
    freed = {"submission_id": None, "asked_at": None, "bound_nano_usd": None, "request_count": None}
    connection.execute(update(batch_items).where(batch_items.c.submission_id == submission_id).values(freed))
    settle_cancelled(connection, _read(connection, submission_id).batch_id, now)
    return True


def _move(
    connection: Connection, submission_id: str, of: Sequence[SubmissionState], to: SubmissionState, **values: Any
) -> bool:
    columns = llm_submissions.c
    change = update(llm_submissions).where(columns.id == submission_id, columns.state.in_(of))
    return connection.execute(change.values(state=to, **values)).rowcount == 1


def _attach(connection: Connection, new: NewSubmission, now: datetime) -> None:
    columns = batch_items.c
    change = (
        update(batch_items)
        .where(columns.id == bindparam("of"), columns.batch_id == new.batch_id, columns.submission_id.is_(None))
        .where(columns.state == ASKED_IN[new.purpose])
        .values(
            submission_id=new.submission_id,
            asked_at=None,
            bound_nano_usd=bindparam("bound"),
            request_count=bindparam("count"),
            updated_at=now,
        )
    )
    rows = [
        {"of": item_id, "bound": bound, "count": new.request_counts.get(item_id, 1)}
        for item_id, bound in new.bounds.items()
    ]
    connection.execute(change, rows)
    taken = select(func.count()).select_from(batch_items).where(columns.submission_id == new.submission_id)
    if connection.execute(taken).scalar_one() != len(rows):
        raise Conflicting(f"expected {len(rows)} items that nobody asks for, found some that are: look again")


def _items(connection: Connection, submission_id: str) -> dict[str, Item]:
    columns = batch_items.c
    query = select(batch_items).where(columns.submission_id == submission_id).order_by(columns.number)
    return {row.id: Item(*row) for row in connection.execute(query)}


def _book(connection: Connection, submission: Submission, calls: Sequence[NewCall], now: datetime) -> None:
    for chunk in chunks(calls):
        rows = [
            {
                "submission_id": submission.id,
                "custom_id": call.custom_id,
                "item_id": call.item_id,
                "batch_id": submission.batch_id,
                "user_id": submission.user_id,
                "purpose": submission.purpose,
                "provider": submission.provider,
                "model": submission.model,
                "outcome": call.outcome,
                "input_tokens": call.input_tokens,
                "output_tokens": call.output_tokens,
                "cache_write_tokens": call.cache_write_tokens,
                "cache_read_tokens": call.cache_read_tokens,
                "cost_nano_usd": call.cost_nano_usd,
                "created_at": now,
            }
            for call in chunk
        ]
        once = insert_or(connection, llm_calls).on_conflict_do_nothing(index_elements=["submission_id", "custom_id"])
        connection.execute(once, rows)


def _let_go_on(
    connection: Connection, submission: Submission, meant: Sequence[tuple[Item, Step]], now: datetime
) -> None:
    insert_conversations(connection, [each for each in meant if each[1].conversation is not None], now)
    update_enriched(connection, [step for _item, step in meant if step.conversation is None], now)
    _note_failures(connection, submission, [each for each in meant if each[1].failure is not None], now)
    columns = batch_items.c
    change = (
        update(batch_items)
        .where(columns.id == bindparam("of"), columns.submission_id == submission.id)
        .values(
            state=bindparam("to"),
            state_reason=bindparam("why"),
            draw=columns.draw + bindparam("more"),
            submission_id=None,
            asked_at=None,
            bound_nano_usd=None,
            request_count=None,
            updated_at=now,
        )
    )
    rows = [
        {"of": step.item_id, "to": step.state, "why": step.reason, "more": int(step.is_new_draw)}
        for _item, step in meant
    ]
    if rows:
        connection.execute(change, rows)
        touch_batch(connection, submission.batch_id, now)


def _note_failures(
    connection: Connection, submission: Submission, failed: Sequence[tuple[Item, Step]], now: datetime
) -> None:
    rows = [
        {
            "item_id": item.id,
            "batch_id": item.batch_id,
            "user_id": item.user_id,
            "submission_id": submission.id,
            "draw": item.draw,
            "purpose": submission.purpose,
            "failure_type": step.failure.failure_type,
            "detail": step.failure.detail,
            "stop_reason": step.failure.stop_reason,
            "raw_response": step.failure.raw_response and step.failure.raw_response[:_LONGEST_RAW],
            "model": submission.model,
            "created_at": now,
        }
        for item, step in failed
        if step.failure is not None
    ]
    once = insert_or(connection, failed_generations).on_conflict_do_nothing(index_elements=["item_id", "submission_id"])
    for chunk in chunks(rows):
        connection.execute(once, list(chunk))
