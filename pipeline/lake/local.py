"""A lake in a local folder: files are made aside on the same disk and renamed into place."""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipeline.lake.errors import lake_errors
from pipeline.lake.profiles import read_table
from pipeline.lake.protocol import PUBLISH_ORDER, check_tables, file_key
from pipeline.lake.staging import Staging

_PREFIX = "dataset_id="


class LocalLake:
    """The lake in `folder`, which is made when the first dataset comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()  # the warehouse's views name the files
        self._staging = Staging(self._folder / "_staging")

    def staging(self) -> AbstractContextManager[Path]:
        """See `Lake.staging`: on the lake's own disk, where a rename is all that publishing takes."""
        return self._staging.lend()

    def publish(self, dataset_id: str, files: Mapping[str, Path]) -> dict[str, str]:
        """See `Lake.publish`. The files must be on the lake's disk, best in `staging`; they are moved."""
        check_tables(files)
        return {table: _put(files[table], self._place(table, dataset_id)) for table in PUBLISH_ORDER}

    def uri(self, table: str, dataset_id: str) -> str:
        """See `Lake.uri`."""
        return str(self._place(table, dataset_id))

    def has(self, dataset_id: str) -> bool:
        """See `Lake.has`."""
        return self._place("profiles", dataset_id).is_file()

    def profile_versions(self) -> dict[str, str]:
        """See `Lake.profile_versions`; a rename into place gives a new inode, and a new time."""
        folder = self._folder / "profiles"
        versions = {}
        with lake_errors("look into", folder):
            for name in sorted(os.listdir(folder)) if folder.exists() else []:
                if name.startswith(_PREFIX) and (version := _version(folder / name / "data.parquet")):
                    versions[name.removeprefix(_PREFIX)] = version
        return versions

    def read_profiles(self, dataset_ids: Iterable[str]) -> pa.Table:
        """See `Lake.read_profiles`."""
        return read_table((self.uri("profiles", each), self._profile(each)) for each in dataset_ids)

    def sweep(self, now: datetime) -> int:
        """See `Lake.sweep`."""
        return self._staging.sweep(now)

    def _place(self, table: str, dataset_id: str) -> Path:
        return self._folder / file_key(table, dataset_id)

    def _profile(self, dataset_id: str) -> bytes:
        # Read whole from one open file: a file that is replaced meanwhile cannot mix with its successor.
        path = self._place("profiles", dataset_id)
        with lake_errors("read", path):
            return path.read_bytes()


def _version(path: Path) -> str:
    try:
        status = path.stat()
    except FileNotFoundError:
        return ""  # a dataset that is being published for the first time
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def _put(file: Path, place: Path) -> str:
    # Measured for the four files of a dataset: renaming 0.4 ms, with fsync of the files 1.6 ms, of their folders
    # 2.6 ms. That is little beside a run's 100 ms a partition, and the price of a profile that, after a power cut,
    # never stands for files that are not there.
    with lake_errors("put in place", place):
        is_new = not place.parent.exists()
        place.parent.mkdir(parents=True, exist_ok=True)
        _sync(file)
        os.replace(file, place)
        _sync(place.parent)
        if is_new:
            _sync(place.parent.parent)
    return str(place)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
