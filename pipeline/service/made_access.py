"""Batches, conversations and training files as one user may see them; of all else, `access.py` tells.

Rows of a batch, a conversation or a file are asked of `readable` or `own` once it was found to be the user's.
"""

from pipeline.service.user import User
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import Batch, Made, MadePage, MadeQuery, TrainingFile
from pipeline.state.catalog.statuses import BatchStatus


class MadeAccess:
    """What a user may do: read what is theirs (an admin: everybody's), and change what is theirs.

    own: the catalog with the user's rows only. readable: with those that they may read. reader_id: whose these are;
    None of everybody.
    """

    def __init__(self, catalog: Catalog, user: User) -> None:
        self.user = user
        self.own = catalog.as_user(user.id)
        self.readable = catalog if user.is_admin else self.own
        self.reader_id = None if user.is_admin else user.id

    def batch(self, batch_id: str) -> Batch:
        """Return a batch that the user may read.

        Raises:
            BatchNotFound: there is none; another user's is as good as none.
        """
        return self.readable.get_batch(batch_id, self.reader_id)

    def own_batch(self, batch_id: str) -> Batch:
        """Return a batch that the user may change.

        Raises:
            BatchNotFound: there is none of this user.
        """
        return self.own.get_batch(batch_id, self.user.id)

    def batches(self, status: BatchStatus | None, page: int, limit: int) -> tuple[list[Batch], int]:
        """Return one page, newest first, and how many there are in all."""
        found = self.readable.list_batches(self.reader_id, status, page, limit)
        return found, self.readable.count_batches(self.reader_id, status)

    def conversation(self, conversation_id: str) -> Made:
        """Return a conversation that the user may read.

        Raises:
            ConversationNotFound: there is none; another user's is as good as none.
        """
        return self.readable.get_conversation(conversation_id, self.reader_id)

    def conversations(self, query: MadeQuery, page: int, limit: int) -> MadePage:
        """Return one page, newest first."""
        return self.readable.list_conversations(self.reader_id, query, page, limit)

    def training_file(self, file_id: str) -> TrainingFile:
        """Return a training file that the user may read.

        Raises:
            TrainingFileNotFound: there is none; another user's is as good as none.
        """
        return self.readable.get_training_file(file_id, self.reader_id)

    def own_training_file(self, file_id: str) -> TrainingFile:
        """Return a training file that the user may send on.

        Raises:
            TrainingFileNotFound: there is none of this user.
        """
        return self.own.get_training_file(file_id, self.user.id)

    def training_files(self, page: int, limit: int) -> tuple[list[TrainingFile], int]:
        """Return one page, newest first, and how many there are in all."""
        found = self.readable.list_training_files(self.reader_id, page, limit)
        return found, self.readable.count_training_files(self.reader_id)
