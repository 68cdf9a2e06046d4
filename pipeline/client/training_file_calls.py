"""The client's calls about training files: `client.training_files`."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from pipeline.client.connection import Connection
from pipeline.client.stored_checksums import hash_of
from pipeline.contract.conversation_values import ConversationQuery
from pipeline.contract.training_file_values import (
    BuiltTrainingFile,
    TrainingFileDetails,
    TrainingFileList,
    TrainingFilePreview,
)
from pipeline.contract.values import DatasetSummary
from pipeline.errors import ServiceError

_PLACE = "/api/training-files"
_ALL = ConversationQuery()


class TrainingFileCalls:
    """Which conversations are meant says a `ConversationQuery`; of these, those that are accepted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def build(self, name: str, query: ConversationQuery = _ALL) -> BuiltTrainingFile:
        """Build a file; the same name again is its next version.

        Raises:
            RequestRefused: no accepted conversation is meant.
        """
        body = {"name": name, "query": query.model_dump()}
        return self._connection.ask(BuiltTrainingFile, "POST", _PLACE, is_repeatable=False, json=body)

    def preview(self, query: ConversationQuery = _ALL) -> TrainingFilePreview:
        """What a file would have; nothing is built."""
        body = {"query": query.model_dump()}
        return self._connection.ask(TrainingFilePreview, "POST", f"{_PLACE}/preview", json=body)

    def list(self, *, page: int = 1, limit: int = 20) -> TrainingFileList:
        """One page of training files, newest first."""
        return self._connection.ask(TrainingFileList, "GET", _PLACE, params={"page": page, "limit": limit})

    def show(self, file_id: str, *, page: int = 1, limit: int = 50) -> TrainingFileDetails:
        """All that is known of a training file, with one page of its conversations.

        Raises:
            TrainingFileNotFound: there is none of this id.
        """
        params = {"page": page, "limit": limit}
        return self._connection.ask(TrainingFileDetails, "GET", _place(file_id), params=params)

    def download(self, file_id: str, folder: Path) -> Sequence[Path]:
        """Copy a training file in all its forms into a folder, each whole and with its checksum; returns where.

        Raises:
            TrainingFileNotFound: there is none of this id.
            ServiceError: other bytes arrived than were listed, or the service names a file that would lie elsewhere.
        """
        places = []
        for file in self.show(file_id, limit=1).files:
            place = folder / file.name
            if place.resolve().parent != folder.resolve():
                raise ServiceError(f"expected the names of files in {folder}, found {file.name!r}: it is not taken")
            folder.mkdir(parents=True, exist_ok=True)
            self._connection.download(f"{_place(file_id)}/files/{quote(file.name, safe='')}", place)
            if (found := hash_of(place, "sha256")) != file.sha256:
                raise ServiceError(f"{place}: expected the checksum {file.sha256}, found {found}: take it again")
            places.append(place)
        return places

    def send(self, file_id: str) -> DatasetSummary:
        """Make a dataset of a training file; the same again is the dataset that it became.

        Raises:
            TrainingFileNotFound: there is none of this id.
            RequestRefused: there is no room for it.
        """
        return self._connection.ask(DatasetSummary, "POST", f"{_place(file_id)}/send")


def _place(file_id: str) -> str:
    return f"{_PLACE}/{quote(file_id, safe='')}"
