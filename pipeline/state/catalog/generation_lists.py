"""What is listed and counted of batches, their calls and training files, for whoever looks: nothing changes here."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import func, select

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_batches import spending_by_batch
from pipeline.state.catalog.generation_records import (
    BatchMoney,
    Item,
    LedgerRow,
    Member,
    TrainingFile,
)
from pipeline.state.catalog.generation_tables import (
    batch_items,
    batch_jobs,
    generated_conversations,
    llm_calls,
    training_file_conversations,
    training_files,
)
from pipeline.state.catalog.selecting import check_listing, is_of, paged
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import BATCH_STATUSES, ITEM_STATES, BatchStatus, ItemState, Purpose
from pipeline.state.catalog.training_files import cost_of


class GenerationLists(Database):
    """The methods that commands, pages and the service use; each of what its caller may see."""

    def count_batches(self, user_id: str | None, status: BatchStatus | None = None) -> int:
        """Count a user's batches; None for anybody's."""
        check_listing(status, BATCH_STATUSES, 1, 1)
        query = select(func.count()).select_from(batch_jobs).where(is_of(batch_jobs, user_id))
        if status is not None:
            query = query.where(batch_jobs.c.status == status)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def states_of_batches(self, batch_ids: Sequence[str]) -> dict[str, dict[ItemState, int]]:
        """Count the items of each state in each of the batches."""
        columns = batch_items.c
        found: dict[str, dict[ItemState, int]] = {batch_id: {} for batch_id in batch_ids}
        with self._reading() as connection:
            for chunk in chunks(batch_ids):
                query = select(columns.batch_id, columns.state, func.count()).where(columns.batch_id.in_(list(chunk)))
                for batch_id, state, count in connection.execute(query.group_by(columns.batch_id, columns.state)):
                    found[batch_id][state] = count
        return found

    def spending_of_batches(self, batch_ids: Sequence[str]) -> dict[str, BatchMoney]:
        """Return what each of the batches did cost, and what is kept back for it."""
        with self._reading() as connection:
            return spending_by_batch(connection, batch_ids)

    def list_items(
        self, batch_id: str, state: ItemState | None = None, page: int = 1, limit: int = 50
    ) -> list[tuple[Item, bool]]:
        """Return a page of a batch's items by number, each with whether it has a conversation."""
        check_listing(state, ITEM_STATES, page, limit)
        made = generated_conversations.c.id
        query = (
            select(batch_items, made.is_not(None))
            .join(generated_conversations, made == batch_items.c.id, isouter=True)
            .where(batch_items.c.batch_id == batch_id)
            .order_by(batch_items.c.number)
        )
        if state is not None:
            query = query.where(batch_items.c.state == state)
        with self._reading() as connection:
            return [(Item(*row[:-1]), bool(row[-1])) for row in connection.execute(paged(query, page, limit))]

    def items_in(self, item_ids: Sequence[str]) -> dict[str, Item]:
        """Return these items, by id; those that are not there are left out."""
        found: dict[str, Item] = {}
        with self._reading() as connection:
            for chunk in chunks(item_ids):
                rows = connection.execute(select(batch_items).where(batch_items.c.id.in_(list(chunk))))
                found |= {row.id: Item(*row) for row in rows}
        return found

    def calls_of(self, batch_id: str, after: int = 0, limit: int = 1_000) -> list[LedgerRow]:
        """Return a batch's calls in the order in which they were booked, behind the one of an id."""
        columns = llm_calls.c
        chosen = [columns[each.name] for each in fields(LedgerRow)]
        query = select(*chosen).where(columns.batch_id == batch_id, columns.id > after).order_by(columns.id)
        with self._reading() as connection:
            return [LedgerRow(*tuple(row)) for row in connection.execute(query.limit(limit))]

    def tokens_by_item(self, batch_id: str, purpose: Purpose) -> dict[int, tuple[int, int, int, int]]:
        """Return the tokens that items of a batch took, by the number of the planned item, refills included.

        Of those that have an answer that is whole; input, output, written to and read from the cache.
        """
        columns, item = llm_calls.c, batch_items.c
        number = func.coalesce(item.refill_of, item.number)
        tokens = (
            columns.input_tokens, columns.output_tokens, columns.cache_write_tokens, columns.cache_read_tokens
        )  # fmt: skip
        is_meant = (columns.batch_id == batch_id) & (columns.purpose == purpose)
        is_answered = (
            select(columns.item_id).where(is_meant, columns.outcome == "succeeded", columns.input_tokens.is_not(None))
        )  # fmt: skip
        query = (
            select(number, *(func.coalesce(func.sum(each), 0) for each in tokens))
            .join(batch_items, item.id == columns.item_id)
            .where(is_meant, columns.item_id.in_(is_answered))
            .group_by(number)
        )
        with self._reading() as connection:
            return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in connection.execute(query)}

    def count_training_files(self, user_id: str | None) -> int:
        """Count a user's training files; None for anybody's."""
        query = select(func.count()).select_from(training_files).where(is_of(training_files, user_id))
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def training_files_of_batch(self, batch_id: str) -> list[TrainingFile]:
        """Return the files that conversations of a batch went into, newest first."""
        member, made = training_file_conversations.c, generated_conversations.c
        ids = (
            select(member.training_file_id)
            .join(generated_conversations, made.id == member.conversation_id)
            .where(made.batch_id == batch_id)
        )
        columns = training_files.c
        query = select(training_files).where(columns.id.in_(ids)).order_by(columns.created_at.desc(), columns.id)
        with self._reading() as connection:
            return [TrainingFile(*row) for row in connection.execute(query)]

    def list_members(self, file_id: str, page: int = 1, limit: int = 50) -> list[Member]:
        """Return a page of a file's conversations, in its order."""
        columns = training_file_conversations.c
        query = select(columns.conversation_id, columns.version, columns.told)
        of_file = query.where(columns.training_file_id == file_id).order_by(columns.position)
        with self._reading() as connection:
            return [Member(*row) for row in connection.execute(paged(of_file, page, limit))]

    def cost_of_conversations(self, conversation_ids: Sequence[str]) -> int:
        """Return what making these did cost, with the draws that came to nothing, in billionths of a US dollar."""
        with self._reading() as connection:
            return cost_of(connection, conversation_ids)
