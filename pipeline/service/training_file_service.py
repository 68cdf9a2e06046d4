"""Training files as users see them: previewed, built, listed, downloaded, sent to the datasets. No HTTP."""

from collections.abc import Iterator

from pipeline.contract.training_file_values import (
    BuiltTrainingFile,
    NewTrainingFile,
    TrainingFileDetails,
    TrainingFileList,
    TrainingFilePreview,
    TrainingFileWish,
)
from pipeline.contract.training_values import KeptFile
from pipeline.contract.values import DatasetSummary
from pipeline.errors import LakeError, TrainingFileNotFound
from pipeline.flow.generation import training_file_building
from pipeline.service import dataset_service
from pipeline.service.job_service import blocks_of
from pipeline.service.job_values import job_summaries
from pipeline.service.service import Service
from pipeline.service.shown_conversations import made_query
from pipeline.service.shown_training_files import file_members, file_preview, file_summary
from pipeline.service.user import User
from pipeline.state.catalog.generation_records import TrainingFile

MAX_LIMIT = 100
_MOST_JOBS = 20
_MOST_REPEATED = 1_000


def build_file(service: Service, user: User, new: NewTrainingFile) -> BuiltTrainingFile:
    """Build a file of one's own accepted conversations; the same name again is the next version.

    Raises:
        UsageError: the query means no accepted conversation.
        Conflicting: somebody built the same name just now.
    """
    own, query = service.made(user).own, made_query(new.query)
    file, chosen = training_file_building.build(own, service.lake, user.id, new.name.strip(), query, service.now())
    shown = _details(service, user, file, page=1, limit=MAX_LIMIT)
    return BuiltTrainingFile(file=shown, repeated=chosen.repeated[:_MOST_REPEATED], repeated_count=len(chosen.repeated))


def preview_file(service: Service, user: User, wish: TrainingFileWish) -> TrainingFilePreview:
    """What a file of one's own accepted conversations would have; nothing is built.

    Raises:
        UsageError: others than accepted conversations are asked for.
    """
    return file_preview(training_file_building.preview(service.made(user).own, user.id, made_query(wish.query)))


def list_files(service: Service, user: User, *, page: int, limit: int) -> TrainingFileList:
    """One page of the training files that a user may see."""
    found, total = service.made(user).training_files(page, limit)
    return TrainingFileList(items=[file_summary(each) for each in found], total=total, page=page, limit=limit)


def show_file(service: Service, user: User, file_id: str, *, page: int, limit: int) -> TrainingFileDetails:
    """Everything about a training file, with one page of its conversations.

    Raises:
        TrainingFileNotFound: there is none that the user may see.
    """
    return _details(service, user, service.made(user).training_file(file_id), page=page, limit=limit)


def read_file(service: Service, user: User, file_id: str, name: str) -> tuple[int, Iterator[bytes]]:
    """Size and bytes of one of the forms of a training file.

    Raises:
        TrainingFileNotFound: there is no such file that the user may see, or it has no such form.
        LakeError: it is not there any more.
    """
    file = service.made(user).training_file(file_id)
    if name not in file.files:
        raise TrainingFileNotFound(f"expected one of {', '.join(file.files)} of {file.id}, found another")
    size_bytes = service.lake.made_files("training_files", file.id).get(name)
    if size_bytes is None:
        raise LakeError(f"expected {name} of {file.id} at {file.files_uri}, found none: check LORA_LAKE")
    return size_bytes, blocks_of(service.lake.fetch_made("training_files", file.id, name))


def send_file(service: Service, user: User, file_id: str) -> DatasetSummary:
    """Make a dataset of one's own training file; the same again is the dataset that it became.

    Raises:
        TrainingFileNotFound: there is none of this user.
        OverQuota: its owner has no room for it.
    """
    access = service.made(user)
    file, parts = access.own_training_file(file_id), (service.lake, service.store, service.settings)
    dataset = training_file_building.send_to_datasets(access.own, *parts, file, service.now())
    return dataset_service.summary(dataset)


def _details(service: Service, user: User, file: TrainingFile, *, page: int, limit: int) -> TrainingFileDetails:
    access, readable = service.access(user), service.made(user).readable
    jobs = access.jobs(dataset_id=file.dataset_id, limit=_MOST_JOBS).items if file.dataset_id else []
    job_ids = [job.id for job in jobs]
    return TrainingFileDetails(
        **dict(file_summary(file)),
        query=file.query,
        files=[KeptFile(name=name, **each) for name, each in sorted(file.files.items())],
        members=file_members(readable, readable.list_members(file.id, page, limit), (page - 1) * limit + 1),
        page=page,
        limit=limit,
        dataset=dataset_service.summary(access.dataset(file.dataset_id)) if file.dataset_id else None,
        jobs=job_summaries(jobs, access.costs_of(job_ids), access.newest_attempts(job_ids)),
    )
