"""All files of a job as one ZIP."""

import io
import zipfile

from pipeline.service.job_archive import zipped
from pipeline.state.lake import make_lake


def _published(settings, files):
    lake = make_lake(settings)
    with lake.staging() as folder:
        for name, content in files.items():
            path = folder / "job" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        lake.publish_job("job-1", folder / "job")
    return lake


def _zipped(lake):
    return zipped(lake, "job-1")


def test_an_archive_has_every_file_whole_under_a_folder_of_the_job(settings):
    files = {"job.json": b"{}\n", "trl/train.jsonl": b"row\n" * 600_000, "trl/empty.txt": b""}
    lake = _published(settings, files)

    with zipfile.ZipFile(io.BytesIO(b"".join(_zipped(lake)))) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}

    assert found == {f"job-1/{name}": content for name, content in files.items()}


def test_the_same_files_give_the_same_bytes(settings):
    lake = _published(settings, {"a.txt": b"a", "b.txt": b"b"})

    assert b"".join(_zipped(lake)) == b"".join(_zipped(lake))


def test_it_comes_in_pieces_so_that_memory_does_not_grow_with_the_rows(settings):
    lake = _published(settings, {"train.jsonl": bytes(range(256)) * 20_000})

    sizes = [len(piece) for piece in _zipped(lake)]

    assert len(sizes) > 4
    assert max(sizes) < 2 * 2**20
