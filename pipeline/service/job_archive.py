"""All files of a training job as one ZIP, made while it is sent: memory does not grow with the rows."""

import io
import zipfile
from collections.abc import Iterator, Mapping

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
    """The archive, under a folder of the job's id; the same files give the same bytes."""
    return zipped_files(lake, job_id, {name: f"{job_id}/{name}" for name in lake.job_files(job_id)})


def zipped_files(lake: Lake, job_id: str, names: Mapping[str, str]) -> Iterator[bytes]:
    """Some files of a job. names: those in the archive, by those of the job."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(names):
            entry = zipfile.ZipInfo(names[name])
            entry.compress_type = zipfile.ZIP_DEFLATED
            with lake.fetch_job_file(job_id, name) as path, path.open("rb") as file, archive.open(entry, "w") as target:
                while chunk := file.read(_CHUNK_BYTES):
                    target.write(chunk)
                    yield pipe.taken()
    yield pipe.taken()
