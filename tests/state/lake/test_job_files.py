"""Promises of every lake about the files of training jobs."""

import pytest

from pipeline.errors import LakeError, UsageError

FILES = {"explain.md": b"why", "trl/config.yaml": b"a: 1\n", "trl/data/train.jsonl": b""}


def _publish(lake, job_id="job-1", files=FILES):
    with lake.staging() as folder:
        for name, content in files.items():
            path = folder / "job" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return lake.publish_job(job_id, folder / "job")


def _contents(lake, job_id="job-1"):
    found = {}
    for name in lake.job_files(job_id):
        with lake.fetch_job_file(job_id, name) as path:
            found[name] = path.read_bytes()
    return found


def test_the_files_of_a_job_come_back_as_they_were_with_their_sizes(lake):
    uri = _publish(lake)

    assert _contents(lake) == FILES
    assert lake.job_files("job-1") == {name: len(content) for name, content in FILES.items()}
    assert uri == lake.job_uri("job-1")
    assert uri.endswith("/training_jobs/job_id=job-1")


def test_publishing_again_replaces_what_is_there(lake):
    _publish(lake)

    _publish(lake, files=FILES | {"explain.md": b"because"})

    assert _contents(lake) == FILES | {"explain.md": b"because"}


def test_jobs_are_apart_although_one_id_begins_with_the_other(lake):
    _publish(lake, "job-1", {"a": b"1"})
    _publish(lake, "job-10", {"b": b"10"})

    assert (_contents(lake, "job-1"), _contents(lake, "job-10")) == ({"a": b"1"}, {"b": b"10"})


def test_an_unknown_job_has_no_files(lake):
    assert lake.job_files("nothing") == {}


def test_a_file_that_is_not_there_is_said(lake):
    _publish(lake)

    with pytest.raises(LakeError), lake.fetch_job_file("job-1", "trl/other.yaml"):
        pass


@pytest.mark.parametrize("name", ["../job_id=job-2/a", "/etc/passwd", "a//b", "a/./b"])
def test_a_name_that_leads_out_of_the_job_is_refused(lake, name):
    with pytest.raises(UsageError) as caught, lake.fetch_job_file("job-1", name):
        pass

    expected = f"job file: expected a name below the job's place, found {name!r}; list the job's files"
    assert str(caught.value) == expected


def test_an_id_that_cannot_be_a_folder_is_refused(lake):
    with pytest.raises(UsageError, match=r"job id: expected 1 to 200 letters, digits or \. _ -, found '\.\./x'"):
        lake.job_uri("../x")
