"""Training files: a frozen choice of conversations, built once; the same name again is the next version."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pipeline.errors import Conflicting, TrainingFileNotFound
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.generation_records import Member, NewTrainingFile, TrainingFile
from pipeline.state.catalog.generation_tables import (
    batch_items,
    llm_calls,
    training_file_conversations,
    training_files,
)
from pipeline.state.catalog.notices import Notice, send
from pipeline.state.catalog.selecting import find_meant, find_row, is_of, paged
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.tables import storable_text

_TABLE = training_files
_NEWEST = (_TABLE.c.created_at.desc(), _TABLE.c.id)


class TrainingFiles(Database):
    """The methods that runs, commands and the service use. `user_id=None` means any user's files."""

    def add_training_file(self, file_id: str, user_id: str, new: NewTrainingFile, now: datetime) -> TrainingFile:
        """Remember a file whose bytes are in the lake, and tell its owner; the same id again is the one that is there.

        Its cost is its conversations' share of what their batches cost by now.

        Raises:
            Conflicting: the version is not the next of its name.
        """
        with self._writing() as connection:
            if (found := find_row(connection, _TABLE, file_id)) is not None:
                return _to_file(found)
            expected = _next_version(connection, user_id, new.name)
            if new.version != expected:
                raise Conflicting(f"expected version {expected} of {new.name}, found {new.version}: build it again")
            row = {
                "id": file_id,
                "user_id": user_id,
                "name": new.name,
                "version": new.version,
                "query": new.query,
                "conversation_count": len(new.conversations),
                "total_training_pairs": new.total_training_pairs,
                "files_uri": new.files_uri,
                "files": new.files,
                "content_sha256": new.content_sha256,
                "cost_nano_usd": cost_of(connection, [each.conversation_id for each in new.conversations]),
                "created_at": now,
            }
            connection.execute(insert(_TABLE), row)
            _insert_members(connection, file_id, user_id, new.conversations)
            title = f"The training file {new.name} is built"
            message = f"Version {row['version']}, {len(new.conversations):,} conversations."
            send(connection, None, user_id, Notice("training_file_ready", file_id, title, message), now)
            return _read(connection, file_id)

    def next_version(self, user_id: str, name: str) -> int:
        """Return which version the next file of a name is."""
        with self._reading() as connection:
            return _next_version(connection, user_id, name)

    def note_sent_to_datasets(self, file_id: str, dataset_id: str) -> None:
        """Note which dataset a file became."""
        with self._writing() as connection:
            connection.execute(update(_TABLE).where(_TABLE.c.id == file_id).values(dataset_id=dataset_id))

    def get_training_file(self, file_id: str, user_id: str | None = None) -> TrainingFile:
        """Return a file by its whole id.

        Raises:
            TrainingFileNotFound: there is none, or it is another user's.
        """
        with self._reading() as connection:
            return _read(connection, file_id, user_id)

    def find_training_file(self, user_id: str | None, name_or_id: str) -> TrainingFile:
        """Return the file a person means: by id, else by the beginning of its id, else the newest of its name.

        Raises:
            TrainingFileNotFound: nothing fits.
            UsageError: several fit; the message names them.
        """
        columns = _TABLE.c
        begins_so = func.substr(columns.id, 1, len(name_or_id)) == storable_text(name_or_id)
        later = training_files.alias()
        is_newest = (columns.name == name_or_id) & ~(
            select(later.c.id)
            .where(later.c.user_id == columns.user_id, later.c.name == columns.name, later.c.version > columns.version)
            .exists()
        )
        query = select(_TABLE).where(is_of(_TABLE, user_id)).order_by(*_NEWEST)
        meant = (columns.id == name_or_id, is_newest, begins_so)
        with self._reading() as connection:
            found = find_meant(connection, query, meant, "training file", name_or_id, lambda row: f"{row.id}")
        if found is None:
            raise TrainingFileNotFound(f"expected the id or name of a training file, found {name_or_id!r}: list them")
        return _to_file(found)

    def list_training_files(self, user_id: str | None, page: int = 1, limit: int = 50) -> list[TrainingFile]:
        """Return a page of files, newest first."""
        query = select(_TABLE).where(is_of(_TABLE, user_id)).order_by(*_NEWEST)
        with self._reading() as connection:
            return [_to_file(row) for row in connection.execute(paged(query, page, limit))]

    def training_file_versions(self, user_id: str, name: str) -> list[TrainingFile]:
        """Return a user's files of a name, newest first."""
        is_meant = (_TABLE.c.user_id == user_id) & (_TABLE.c.name == name)
        query = select(_TABLE).where(is_meant).order_by(_TABLE.c.version.desc())
        with self._reading() as connection:
            return [_to_file(row) for row in connection.execute(query)]

    def training_files_of_datasets(self, dataset_ids: Sequence[str]) -> dict[str, TrainingFile]:
        """Return, by dataset, the file that it was made of, of those that were made of one."""
        found: dict[str, TrainingFile] = {}
        with self._reading() as connection:
            for chunk in chunks(dataset_ids):
                rows = connection.execute(select(_TABLE).where(_TABLE.c.dataset_id.in_(list(chunk))))
                found |= {row.dataset_id: _to_file(row) for row in rows}
        return found

    def training_file_of(self, dataset_id: str) -> TrainingFile | None:
        """Return the file that a dataset was made of, if it was made of one."""
        with self._reading() as connection:
            found = connection.execute(select(_TABLE).where(_TABLE.c.dataset_id == dataset_id).limit(1)).one_or_none()
        return None if found is None else _to_file(found)

    def conversations_of_file(self, file_id: str) -> list[Member]:
        """Return a file's conversations, in its order."""
        columns = training_file_conversations.c
        query = select(columns.conversation_id, columns.version, columns.told)
        of_file = query.where(columns.training_file_id == file_id).order_by(columns.position)
        with self._reading() as connection:
            return [Member(*row) for row in connection.execute(of_file)]

    def files_with(self, conversation_id: str) -> list[TrainingFile]:
        """Return the files that a conversation went into, newest first."""
        columns = training_file_conversations.c
        ids = select(columns.training_file_id).where(columns.conversation_id == conversation_id)
        with self._reading() as connection:
            query = select(_TABLE).where(_TABLE.c.id.in_(ids)).order_by(*_NEWEST)
            return [_to_file(row) for row in connection.execute(query)]


def _read(connection: Connection, file_id: str, user_id: str | None = None) -> TrainingFile:
    row = find_row(connection, _TABLE, file_id, user_id)
    if row is None:
        raise TrainingFileNotFound(f"expected the id of a training file, found {file_id!r}: list them first")
    return _to_file(row)


def _to_file(row: Sequence[Any]) -> TrainingFile:
    return TrainingFile(*row)


def _next_version(connection: Connection, user_id: str, name: str) -> int:
    newest = select(func.coalesce(func.max(_TABLE.c.version), 0))
    return int(connection.execute(newest.where(_TABLE.c.user_id == user_id, _TABLE.c.name == name)).scalar_one()) + 1


def cost_of(connection: Connection, conversation_ids: Sequence[str]) -> int:
    """Each accepted conversation of a batch bears the same share of what all of the batch cost."""
    members: Counter[str] = Counter()
    for chunk in chunks(conversation_ids):
        of_batches = select(batch_items.c.batch_id, func.count()).where(batch_items.c.id.in_(list(chunk)))
        for batch_id, count in connection.execute(of_batches.group_by(batch_items.c.batch_id)):
            members[batch_id] += count
    total = 0
    for batch_id, count in members.items():
        accepted = select(func.count()).where(batch_items.c.batch_id == batch_id, batch_items.c.state == "accepted")
        paid = select(func.coalesce(func.sum(llm_calls.c.cost_nano_usd), 0)).where(llm_calls.c.batch_id == batch_id)
        of = max(count, connection.execute(accepted).scalar_one())
        total += int(connection.execute(paid).scalar_one()) * count // of
    return total


def _insert_members(connection: Connection, file_id: str, user_id: str, conversations: Sequence[Member]) -> None:
    rows = [
        {
            "training_file_id": file_id,
            "position": position,
            "conversation_id": member.conversation_id,
            "version": member.version,
            "told": member.told,
            "user_id": user_id,
        }
        for position, member in enumerate(conversations, 1)
    ]
    for chunk in chunks(rows):
        connection.execute(insert(training_file_conversations), list(chunk))
