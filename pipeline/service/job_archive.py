"""All files of a training job, or of a model, as one ZIP, made while it is sent: memory does not grow with them."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from pipeline.state.lake import Lake

_CHUNK_BYTES = 1 << 20


class _Pipe(io.RawIOBase):
    """A file that can be written only; `taken` gives away what was written since."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        """It is for nothing else."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # what zipfile writes
        """Keep it until it is taken."""
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since."""
        data = bytes(self._written)
        self._written.clear()
        return data


def zipped(lake: Lake, job_id: str) -> Iterator[bytes]:
    """All files of a job, under a folder of its id."""
    names = {name: f"{job_id}/{name}" for name in lake.job_files(job_id)}
    return zipped_files(names, lambda name: lake.fetch_job_file(job_id, name))


def zipped_files(names: Mapping[str, str], fetch: Callable[[str], AbstractContextManager[Path]]) -> Iterator[bytes]:
    """An archive; the same files give the same bytes. names: those in the archive, by those that `fetch` lends."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(names):
            entry = zipfile.ZipInfo(names[name])
            entry.compress_type = zipfile.ZIP_DEFLATED
            with fetch(name) as path, path.open("rb") as file:
                entry.file_size = path.stat().st_size  # beyond 2 GiB the entry is written otherwise
                yield from _written(archive, entry, file, pipe)
    yield pipe.taken()


def _written(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: BinaryIO, pipe: _Pipe) -> Iterator[bytes]:
    with archive.open(entry, "w") as target:
        while chunk := file.read(_CHUNK_BYTES):
            target.write(chunk)
            yield pipe.taken()
