"""The client: uploads with a progress bar if one is given, waits for verdicts, lists and reads datasets.

What it asks about training jobs is in `job_calls.py`, about trainings and models in `training_calls.py`, about rows of
datasets in `row_calls.py`, about files made of them in `dataset_file_calls.py`; what it asks about conversations that
are made, in the modules of its four attributes.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pydantic import ValidationError

from pipeline.client.connection import Connection, given
from pipeline.client.conversation_calls import ConversationCalls
from pipeline.client.dataset_file_calls import DatasetFileCalls
from pipeline.client.generation_calls import GenerationCalls
from pipeline.client.job_calls import JobCalls
from pipeline.client.row_calls import RowCalls
from pipeline.client.scaffold_calls import ScaffoldCalls
from pipeline.client.sending import Tell, send_file
from pipeline.client.stored_checksums import check_content
from pipeline.client.training_calls import TrainingCalls
from pipeline.client.training_file_calls import TrainingFileCalls
from pipeline.contract.finding_record import FindingRecord
from pipeline.contract.values import (
    MAX_NAME_CHARACTERS,
    ConfirmedUpload,
    DatasetDetails,
    DatasetPage,
    DatasetSummary,
    FindingPage,
    IgnoredItem,
    IgnoredList,
    NewUpload,
    NotificationItem,
    NotificationList,
    Quota,
    ReadNotifications,
    StartedUpload,
    UploadPlan,
)
from pipeline.errors import RequestRefused, UsageError
from pipeline.state.catalog.statuses import Status

POLL_S = 0.5
_PAGE = 1_000
_IGNORED_PAGE = 100


class Client(JobCalls, TrainingCalls, RowCalls, DatasetFileCalls):
    """Speaks with one service in the name of one token. Every method may raise `RequestRefused` or `ServiceError`.

    scaffolds, generation, conversations, training_files: the calls about conversations that are made.
    """

    def __init__(self, server: str, token: str) -> None:
        self._connection = Connection(server, token)
        self.scaffolds = ScaffoldCalls(self._connection)
        self.generation = GenerationCalls(self._connection)
        self.conversations = ConversationCalls(self._connection)
        self.training_files = TrainingFileCalls(self._connection)

    def upload(
        self,
        file: Path,
        *,
        name: str | None = None,
        description: str | None = None,
        mapping: str | None = None,
        replaces: str | None = None,
        resume_id: str | None = None,
        tell: Tell = lambda _: None,
        **others: str | None,
    ) -> DatasetDetails:
        """Upload a file, confirm it, and compare checksums; returns the dataset, which is being validated then.

        mapping: how its fields are read, where they are of no format that is known: JSON, auto, or none;
            else as your newest upload of its file name is.
        replaces: the dataset whose next version this is; once this one is ready, that one is taken out of the lists.
        resume_id: the dataset of an upload that broke off; only what is missing is sent. tell: is told how many more
        bytes arrived, for a progress bar. others: what else the API takes with an upload, under its names, such as
        `format`.

        Raises:
            UsageError: there is no such file, it is empty, or it is not the one that was begun; a name is too long.
            RequestRefused: the service does not take it, or other bytes arrived than were sent.
            ServiceError: the service or the store cannot be reached for long.
        """
        size_bytes = _size(file)
        if resume_id is None:
            said = {"description": description, "mapping": mapping, "replaces": replaces, **others}
            new = _announcement(file, size_bytes, name, said)
            # Not repeated by itself: an answer that got lost would leave a second dataset behind.
            started = self._connection.ask(
                StartedUpload, "POST", "/api/datasets", is_repeatable=False, json=new.model_dump(mode="json")
            )
            dataset_id, plan = started.dataset.id, started.upload
        else:
            if mapping is not None:
                self.set_mapping(resume_id, mapping)
            dataset_id, plan = resume_id, self._plan(resume_id)
        part_sizes = [part.size_bytes for part in plan.parts]
        if sum(part_sizes) != size_bytes:
            raise UsageError(
                f"{file}: expected the {sum(part_sizes):,} bytes that were announced, found {size_bytes:,}"
            )
        send_file(self._connection, file, plan, lambda: self._plan(dataset_id), tell)
        confirmed = self._connection.ask(ConfirmedUpload, "POST", f"/api/datasets/{quote(dataset_id)}/confirm")
        check_content(file, confirmed.checksum or "", part_sizes)
        return confirmed

    def dataset(self, dataset_id: str) -> DatasetDetails:
        """All that is known of a dataset.

        Raises:
            DatasetNotFound: there is none of this id.
        """
        return self._connection.ask(DatasetDetails, "GET", f"/api/datasets/{quote(dataset_id, safe='')}")

    def wait(self, dataset_id: str, poll_s: float = POLL_S) -> DatasetDetails:
        """Wait for the verdict, or until the service has failed to reach one and says so (`failed`): it goes on trying.

        Raises:
            RequestRefused: the upload was never confirmed.
        """
        while (dataset := self.dataset(dataset_id)).status == "validating":
            time.sleep(poll_s)
        if dataset.status == "uploading":
            raise RequestRefused(f"{dataset_id} is not confirmed yet: finish its upload first")
        return dataset

    def datasets(
        self, *, status: Status | None = None, search: str | None = None, page: int = 1, limit: int = 20
    ) -> DatasetPage:
        """One page of datasets, newest first."""
        wanted = {"status": status, "search": search, "page": page, "limit": limit}
        return self._connection.ask(DatasetPage, "GET", "/api/datasets", params=given(wanted))

    def findings(self, dataset_id: str, code: str | None = None) -> Iterator[FindingRecord]:
        """Every finding of a dataset, in the order of lines."""
        page, seen, total = 1, 0, 1
        while seen < total:
            found = self._connection.ask(
                FindingPage,
                "GET",
                f"/api/datasets/{quote(dataset_id, safe='')}/findings",
                params=given({"code": code, "page": page, "limit": _PAGE}),
            )
            yield from found.items
            page, seen, total = page + 1, seen + _PAGE, found.total

    def findings_with_lines(
        self, dataset_id: str, code: str | None = None, *, page: int = 1, limit: int = 50
    ) -> FindingPage:
        """One page of findings, each with the piece of the line that it speaks of (`FindingPage.lines`)."""
        place = f"/api/datasets/{quote(dataset_id, safe='')}/findings"
        wanted = {"code": code, "page": page, "limit": limit, "lines": True}
        return self._connection.ask(FindingPage, "GET", place, params=given(wanted))

    def quota(self) -> Quota:
        """How many bytes one's datasets have in all, and how many more they may have."""
        return self._connection.ask(Quota, "GET", "/api/quota")

    def ignored(self) -> Iterator[IgnoredItem]:
        """Every file in one's folder of the store that becomes no dataset, with why and what to do."""
        page, seen, total = 1, 0, 1
        while seen < total:
            params = {"page": page, "limit": _IGNORED_PAGE}
            found = self._connection.ask(IgnoredList, "GET", "/api/ignored", params=params)
            yield from found.items
            page, seen, total = page + 1, seen + _IGNORED_PAGE, found.total

    def set_mapping(self, dataset_id: str, mapping: str | None) -> DatasetDetails:
        """Say how a dataset's fields are read: JSON, auto, or None for what is recognised. It is validated again."""
        place = f"/api/datasets/{quote(dataset_id, safe='')}/mapping"
        return self._connection.ask(DatasetDetails, "PUT", place, json={"mapping": mapping})

    def delete(self, dataset_id: str) -> DatasetSummary:
        """Take a dataset out of the lists."""
        return self._connection.ask(DatasetSummary, "DELETE", f"/api/datasets/{quote(dataset_id, safe='')}")

    def restore(self, dataset_id: str) -> DatasetSummary:
        """Bring a dataset back."""
        return self._connection.ask(DatasetSummary, "POST", f"/api/datasets/{quote(dataset_id, safe='')}/restore")

    def retry(self, dataset_id: str) -> DatasetSummary:
        """Have a dataset validated again at once."""
        return self._connection.ask(DatasetSummary, "POST", f"/api/datasets/{quote(dataset_id, safe='')}/retry")

    def notifications(self, *, unread_only: bool = False) -> list[NotificationItem]:
        """What one was told, newest first."""
        params = {"unread_only": unread_only}
        return self._connection.ask(NotificationList, "GET", "/api/notifications", params=params).items

    def read_all_notifications(self) -> int:
        """Note that one read everything; returns how much of it was unread."""
        return self._connection.ask(ReadNotifications, "POST", "/api/notifications/read-all").read_count

    def close(self) -> None:
        """Close the connections."""
        self._connection.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _plan(self, dataset_id: str) -> UploadPlan:
        return self._connection.ask(UploadPlan, "POST", f"/api/datasets/{quote(dataset_id, safe='')}/upload")


def _size(file: Path) -> int:
    if not file.is_file():
        raise UsageError(f"{file}: expected a file, found {'a folder' if file.is_dir() else 'nothing'}")
    return file.stat().st_size


def _announcement(file: Path, size_bytes: int, name: str | None, said: Mapping[str, str | None]) -> NewUpload:
    if not size_bytes:
        raise UsageError(f"{file}: expected conversations, found an empty file")
    named = name or file.stem[:MAX_NAME_CHARACTERS]
    try:
        return NewUpload.model_validate({**said, "name": named, "file_name": file.name, "file_size": size_bytes})
    except ValidationError as error:
        wrong = "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise UsageError(f"{file} cannot be uploaded like this: {wrong}") from None
