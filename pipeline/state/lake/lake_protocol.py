"""What every lake promises, and where a dataset's files lie in it."""

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pyarrow as pa

from pipeline.errors import LakeError, UsageError
from pipeline.state.lake.places_of_parts import PartPlace

if TYPE_CHECKING:  # 50 MB that most who use a lake do not need
    import polars as pl

# Whoever finds a conversation finds its turns and findings, too; whoever finds a profile finds everything.
PUBLISH_ORDER = ("turns", "findings", "splits", "target_acceptance", "conversations", "profiles")

MARK_KEY = ".lora-installation"
"""The file, of a lake and of a store's uploads, by which `pipeline.flow.marks` knows the place again."""

MIN_FILE_BYTES = 12
"""A Parquet file has its name twice and a length; a disk that lost power before our fsync leaves 0 bytes."""

MADE = "id="
"""How the folder of something that was made begins, before its id."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
MadeKind = Literal["submissions", "training_files", "folded"]
"""What is kept besides datasets and jobs: what was asked of models with their raw answers, files built of
conversations, and rows of many datasets in one file a table (`pipeline.state.lake.folds`)."""


class Lake(Protocol):
    """A place for the Parquet files of datasets. Any method raises `LakeError` where disk or service fail."""

    def staging(self) -> AbstractContextManager[Path]:
        """Lend a new, private folder, from which `publish` takes files cheaply; it is removed at the end."""

    def publish(self, dataset_id: str, files: Mapping[str, Path]) -> dict[str, str]:
        """Put one file of each table in place, each whole, the profile last; return their URIs by table.

        What was there before is replaced, so a dataset never has two files of a table. The files are given away:
        use the returned places from then on.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def uri(self, table: str, dataset_id: str) -> str:
        """Return where a dataset's file of a table lies, or would lie: an absolute path or `s3://…`.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def fetch(self, table: str, dataset_id: str) -> AbstractContextManager[Path]:
        """Lend a local path of a dataset's file, for reading; raises `LakeError` where there is none."""

    def scan(self, table: str, dataset_id: str) -> "pl.LazyFrame":
        """Return a dataset's file to be asked by Polars, which reads the row groups and columns that it needs.

        Raises:
            LakeError: there is none. Reading it raises errors of Polars and of the disk.
        """

    def has(self, dataset_id: str) -> bool:
        """Whether all files of a dataset are in place, none of them too short to be a Parquet file."""

    def profile_versions(self, dataset_ids: Collection[str] | None = None) -> dict[str, str]:
        """Return, for each dataset in the lake, a text that changes whenever its profile is published again.

        dataset_ids: only of these, without a look at the others.
        """

    def holdings(self, table: str, dataset_ids: Collection[str] | None = None) -> set[str]:
        """Return the datasets whose file of a table is in place; one too short to be a Parquet file does not count.

        dataset_ids: see `profile_versions`.
        """

    def read_profiles(self, dataset_ids: Iterable[str]) -> pa.Table:
        """Return the profiles of datasets, in the given order, with the columns of `PROFILES`.

        A column that a file of an earlier version does not have is null.

        Raises:
            LakeDamaged: files are not what they should be; names them.
        """

    def publish_job(self, job_id: str, folder: Path) -> str:
        """Put every file below a folder, best one in `staging`, in the place of a training job, each whole.

        Files of the same names are replaced; returns `job_uri`. The files are given away.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def job_uri(self, job_id: str) -> str:
        """Return where a job's files lie, or would lie: an absolute path or `s3://…`.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def job_files(self, job_id: str) -> dict[str, int]:
        """Return a job's files, by their names below its place, with their sizes in bytes; none for an unknown job."""

    def fetch_job_file(self, job_id: str, name: str) -> AbstractContextManager[Path]:
        """Lend a local path of a job's file, for reading; raises `LakeError` where there is none.

        Raises:
            UsageError: the name leads out of the job's place.
        """

    def publish_model(self, attempt_id: str, folder: Path) -> str:
        """Put every file below a folder in the place of what an attempt at a training left, as `publish_job` does."""

    def model_uri(self, attempt_id: str) -> str:
        """Return where what an attempt left lies, or would lie.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def model_files(self, attempt_id: str) -> dict[str, int]:
        """Return what an attempt left: names below its place, with sizes in bytes."""

    def fetch_model_file(self, attempt_id: str, name: str) -> AbstractContextManager[Path]:
        """Lend a local path of a file that an attempt left; raises `LakeError` where there is none.

        Raises:
            UsageError: the name leads out of its place.
        """

    def publish_made(self, kind: MadeKind, known_id: str, folder: Path) -> str:
        """Put every file below a folder in the place of a submission, training file or fold, as `publish_job` does."""

    def made_uri(self, kind: MadeKind, known_id: str) -> str:
        """Return where its files lie, or would lie.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def made_files(self, kind: MadeKind, known_id: str) -> dict[str, int]:
        """Return its files: names below its place, with sizes in bytes; none where there is nothing."""

    def all_made(self, kind: MadeKind) -> dict[str, dict[str, int]]:
        """Return `made_files` of everything of a kind, by id."""

    def remove_made(self, kind: MadeKind, known_id: str) -> None:
        """Remove all files in its place.

        Raises:
            UsageError: the id cannot be a folder's name.
        """

    def fetch_made(self, kind: MadeKind, known_id: str, name: str) -> AbstractContextManager[Path]:
        """Lend a local path of one of its files; raises `LakeError` where there is none.

        Raises:
            UsageError: the name leads out of its place.
        """

    def parts(self, folder: Path) -> PartPlace:
        """Return where workers elsewhere leave their parts of what is made in a folder that `staging` lent."""

    @property
    def place(self) -> str:
        """Where it is, for messages: a folder or `s3://…`."""

    def read_mark(self) -> str | None:
        """Return the mark by which this place is known again (`MARK_KEY`); None where it has none.

        Raises:
            LakeError: there can be none, since the place is no folder, or the bucket does not exist.
        """

    def write_mark(self, mark: str) -> None:
        """Put the mark in place, whole."""

    def sweep(self, now: datetime) -> int:
        """Remove what killed processes left behind in staging more than a day ago; return how many folders or parts."""


def existing_job_files(lake: Lake, job_id: str) -> dict[str, int]:
    """Return `Lake.job_files` of a job that was made, so that there are some.

    Raises:
        LakeError: there are none: the lake is not there, or they were removed.
    """
    if not (files := lake.job_files(job_id)):
        raise LakeError(
            f"expected the files of {job_id} at {lake.job_uri(job_id)}, found none: check LORA_LAKE and that it is "
            "there; if they were removed, make the job again"
        )
    return files


def file_key(table: str, dataset_id: str) -> str:
    """Return the place of a file, relative to the lake.

    >>> file_key("turns", "support-chat-1")
    'turns/dataset_id=support-chat-1/data.parquet'

    Raises:
        UsageError: the id cannot be a folder's name.
    """
    if not _SAFE_ID.fullmatch(dataset_id):
        raise UsageError(
            f"dataset id: expected 1 to 200 letters, digits or . _ -, found {dataset_id!r}; choose another"
        )
    return f"{table}/dataset_id={dataset_id}/data.parquet"


def job_key(job_id: str, name: str = "") -> str:
    """Return the place of a training job, or of one of its files, relative to the lake.

    >>> job_key("chat-qwen3-8b-1", "trl/train.py")
    'training_jobs/job_id=chat-qwen3-8b-1/trl/train.py'

    Raises:
        UsageError: the id cannot be a folder's name, or the name leads out of the job's place.
    """
    return _key("training_jobs/job_id=", job_id, name)


def model_key(attempt_id: str, name: str = "") -> str:
    """Return the place of what an attempt at a training left, or of one of its files, relative to the lake.

    >>> model_key("chat-qwen3-8b-1.2", "model/adapter_model.safetensors")
    'models/attempt_id=chat-qwen3-8b-1.2/model/adapter_model.safetensors'

    Raises:
        UsageError: the id cannot be a folder's name, or the name leads out of the place.
    """
    return _key("models/attempt_id=", attempt_id, name)


def made_key(kind: MadeKind, known_id: str, name: str = "") -> str:
    """Return the place of a submission to a model or of a training file, or of a file of it, relative to the lake.

    >>> made_key("submissions", "s0a1b2c3", "results.jsonl")
    'submissions/id=s0a1b2c3/results.jsonl'

    Raises:
        UsageError: the id cannot be a folder's name, or the name leads out of the place.
    """
    return _key(f"{kind}/{MADE}", known_id, name)


def _key(place: str, known_id: str, name: str) -> str:
    if not _SAFE_ID.fullmatch(known_id):
        raise UsageError(f"job id: expected 1 to 200 letters, digits or . _ -, found {known_id!r}; list the jobs")
    parts = name.split("/") if name else []
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise UsageError(f"job file: expected a name below the job's place, found {name!r}; list the job's files")
    return "/".join((f"{place}{known_id}", *parts))


def files_below(folder: Path) -> dict[str, Path]:
    """Every file below a folder, by its name as it stands in keys, in their order."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return dict(sorted((path.relative_to(folder).as_posix(), path) for path in found))


def check_tables(files: Mapping[str, Path]) -> None:
    """Insist on one file of each table: a dataset is complete or not there.

    Raises:
        ValueError: tables are missing, or too many.
    """
    if set(files) != set(PUBLISH_ORDER):
        raise ValueError(f"expected a file for each of {', '.join(PUBLISH_ORDER)}, found {', '.join(sorted(files))}")
