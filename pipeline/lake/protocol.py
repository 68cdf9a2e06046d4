"""What every lake promises, and where a dataset's files lie in it."""

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipeline.errors import UsageError

# Whoever finds a conversation finds its turns and findings, too; whoever finds a profile finds everything.
PUBLISH_ORDER = ("turns", "findings", "splits", "target_acceptance", "conversations", "profiles")

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,200}")


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

    def has(self, dataset_id: str) -> bool:
        """Whether all files of a dataset are in place."""

    def profile_versions(self) -> dict[str, str]:
        """Return, for each dataset in the lake, a text that changes whenever its profile is published again."""

    def read_profiles(self, dataset_ids: Iterable[str]) -> pa.Table:
        """Return the profiles of datasets, in the given order, with the columns of `PROFILES`.

        A column that a file of an earlier version does not have is null.
        """

    def sweep(self, now: datetime) -> int:
        """Remove what killed processes left behind in staging more than a day ago; return how many folders."""


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


def check_tables(files: Mapping[str, Path]) -> None:
    """Insist on one file of each table: a dataset is complete or not there.

    Raises:
        ValueError: tables are missing, or too many.
    """
    if set(files) != set(PUBLISH_ORDER):
        raise ValueError(f"expected a file for each of {', '.join(PUBLISH_ORDER)}, found {', '.join(sorted(files))}")
