"""A lake in a local folder: files are made aside on the same disk and renamed into place."""

import os
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.errors import LakeError
from pipeline.state.durable import put_all_in_place, put_in_place
from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.lake_protocol import (
    MADE,
    MARK_KEY,
    MIN_FILE_BYTES,
    PUBLISH_ORDER,
    MadeKind,
    check_tables,
    file_key,
    files_below,
    job_key,
    made_key,
    model_key,
)
from pipeline.state.lake.places_of_parts import FolderParts
from pipeline.state.lake.profiles import read_table
from pipeline.state.lake.staging import Staging

if TYPE_CHECKING:
    import polars as pl

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
        places = {table: self._place(table, dataset_id) for table in PUBLISH_ORDER}
        # After a power cut a profile, the last, never stands for files that are not there.
        put_all_in_place({files[table]: place for table, place in places.items()}, lake_errors)
        return {table: str(place) for table, place in places.items()}

    def uri(self, table: str, dataset_id: str) -> str:
        """See `Lake.uri`."""
        return f"{self._folder}/{file_key(table, dataset_id)}"  # four times as fast as joining paths

    @contextmanager
    def fetch(self, table: str, dataset_id: str) -> Iterator[Path]:
        """See `Lake.fetch`: the file itself."""
        place = self._place(table, dataset_id)
        if not place.is_file():
            raise LakeError(
                f"expected {table} of {dataset_id} at {place}, found nothing: check LORA_LAKE and that it is mounted, "
                "else validate the dataset again"
            )
        yield place

    def scan(self, table: str, dataset_id: str) -> "pl.LazyFrame":
        """See `Lake.scan`."""
        import polars as pl

        with self.fetch(table, dataset_id) as place:
            return pl.scan_parquet(place, glob=False)

    def has(self, dataset_id: str) -> bool:
        """See `Lake.has`."""
        return all(_version(self.uri(table, dataset_id)) for table in PUBLISH_ORDER)

    def profile_versions(self, dataset_ids: Collection[str] | None = None) -> dict[str, str]:
        """See `Lake.profile_versions`; a rename into place gives a new inode, and a new time."""
        return self._versions("profiles", dataset_ids)

    def holdings(self, table: str, dataset_ids: Collection[str] | None = None) -> set[str]:
        """See `Lake.holdings`."""
        return set(self._versions(table, dataset_ids))

    def _versions(self, table: str, dataset_ids: Collection[str] | None) -> dict[str, str]:
        folder = f"{self._folder}/{table}"
        with lake_errors("look into", Path(folder)):
            ids = _ids_in(folder) if dataset_ids is None else dataset_ids
            found = ((each, _version(self.uri(table, each))) for each in ids)
            return {each: version for each, version in found if version}

    def read_profiles(self, dataset_ids: Iterable[str]) -> pa.Table:
        """See `Lake.read_profiles`."""
        return read_table((self.uri("profiles", each), self._profile(each)) for each in dataset_ids)

    def publish_job(self, job_id: str, folder: Path) -> str:
        """See `Lake.publish_job`: moved, and made durable before their names appear."""
        self._publish_below(job_key(job_id), folder)
        return self.job_uri(job_id)

    def job_uri(self, job_id: str) -> str:
        """See `Lake.job_uri`."""
        return str(self._folder / job_key(job_id))

    def job_files(self, job_id: str) -> dict[str, int]:
        """See `Lake.job_files`."""
        return self._files_below(job_key(job_id))

    @contextmanager
    def fetch_job_file(self, job_id: str, name: str) -> Iterator[Path]:
        """See `Lake.fetch_job_file`: the file itself."""
        yield self._existing(job_key(job_id, name), f"{name} of {job_id}", "make the job again")

    def publish_model(self, attempt_id: str, folder: Path) -> str:
        """See `Lake.publish_model`."""
        self._publish_below(model_key(attempt_id), folder)
        return self.model_uri(attempt_id)

    def model_uri(self, attempt_id: str) -> str:
        """See `Lake.model_uri`."""
        return str(self._folder / model_key(attempt_id))

    def model_files(self, attempt_id: str) -> dict[str, int]:
        """See `Lake.model_files`."""
        return self._files_below(model_key(attempt_id))

    @contextmanager
    def fetch_model_file(self, attempt_id: str, name: str) -> Iterator[Path]:
        """See `Lake.fetch_model_file`: the file itself."""
        yield self._existing(model_key(attempt_id, name), f"{name} of {attempt_id}", "put it back from a backup")

    def publish_made(self, kind: MadeKind, known_id: str, folder: Path) -> str:
        """See `Lake.publish_made`."""
        self._publish_below(made_key(kind, known_id), folder)
        return self.made_uri(kind, known_id)

    def made_uri(self, kind: MadeKind, known_id: str) -> str:
        """See `Lake.made_uri`."""
        return str(self._folder / made_key(kind, known_id))

    def made_files(self, kind: MadeKind, known_id: str) -> dict[str, int]:
        """See `Lake.made_files`."""
        return self._files_below(made_key(kind, known_id))

    def all_made(self, kind: MadeKind) -> dict[str, dict[str, int]]:
        """See `Lake.all_made`."""
        folder = self._folder / kind
        with lake_errors("look into", folder):
            names = [each.name for each in folder.iterdir() if each.is_dir()] if folder.exists() else []
        ids = sorted(name.removeprefix(MADE) for name in names if name.startswith(MADE))
        return {each: self.made_files(kind, each) for each in ids}

    def remove_made(self, kind: MadeKind, known_id: str) -> None:
        """See `Lake.remove_made`."""
        folder = self._folder / made_key(kind, known_id)
        with lake_errors("remove", folder), suppress(FileNotFoundError):
            shutil.rmtree(folder)

    @contextmanager
    def fetch_made(self, kind: MadeKind, known_id: str, name: str) -> Iterator[Path]:
        """See `Lake.fetch_made`: the file itself."""
        yield self._existing(made_key(kind, known_id, name), f"{name} of {known_id}", "put it back from a backup")

    def _publish_below(self, key: str, folder: Path) -> None:
        places = {file: self._folder / key / name for name, file in files_below(folder).items()}
        put_all_in_place(places, lake_errors)

    def _files_below(self, key: str) -> dict[str, int]:
        folder = self._folder / key
        with lake_errors("look into", folder):
            return {name: path.stat().st_size for name, path in files_below(folder).items()}

    def _existing(self, key: str, what: str, else_do: str) -> Path:
        place = self._folder / key
        if not place.is_file():
            raise LakeError(
                f"expected {what} at {place}, found nothing: check LORA_LAKE and that it is mounted, else {else_do}"
            )
        return place

    def parts(self, folder: Path) -> FolderParts:
        """See `Lake.parts`: in the folder itself, which is on the lake's disk."""
        return FolderParts(folder)

    @property
    def place(self) -> str:
        """See `Lake.place`."""
        return str(self._folder)

    def read_mark(self) -> str | None:
        """See `Lake.read_mark`."""
        place = self._folder / MARK_KEY
        with lake_errors("read", place):
            if place.exists() and not place.is_file():  # reading a pipe would not end
                return None
            try:
                return place.read_text("utf-8", "replace").strip()
            except FileNotFoundError:
                return None

    def write_mark(self, mark: str) -> None:
        """See `Lake.write_mark`."""
        place = self._folder / MARK_KEY
        with lake_errors("write", place), self.staging() as folder:
            aside = folder / MARK_KEY
            aside.write_text(f"{mark}\n")
            put_in_place(aside, place)

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


def _ids_in(folder: str) -> list[str]:
    names = sorted(os.listdir(folder)) if os.path.exists(folder) else []
    return [name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)]


def _version(path: str) -> str:
    """Empty where there is no file of ours, as for a dataset that is being published for the first time."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if status.st_size < MIN_FILE_BYTES or not stat.S_ISREG(status.st_mode):
        return ""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
