"""Promises of `pipeline.flow.job_making`: files first, then the row; the same again is the same."""

import json
from dataclasses import replace

import pytest
import yaml

from pipeline.errors import CatalogError, DatasetNotReady, LakeError
from pipeline.flow.job_making import CODE_VERSION, prepare
from pipeline.training.considering import consider
from tests.state.catalog.examples import LATER, NOON, REJECTED
from tests.training.examples import CATALOGUES
from tests.training.installed import OTHER_TALK, SETUP


def _make(installation, now=NOON):
    prepared = installation.prepared()
    return installation.maker.make(prepared, consider(prepared.facts, SETUP, CATALOGUES), "plan", now)


def _contents(installation, job):
    found = {}
    for name in installation.lake.job_files(job.id):
        with installation.lake.fetch_job_file(job.id, name) as path:
            found[name] = path.read_bytes()
    return found


def test_a_job_is_remembered_with_all_that_it_came_from(installation):
    dataset = installation.ready()

    job = _make(installation)

    prepared = installation.prepared()
    assert (job.dataset_id, job.user_id, job.origin, job.status) == (dataset.id, "ann", "plan", "configured")
    assert (job.content_sha256, job.split_fingerprint) == (
        prepared.facts.content_sha256,
        prepared.split.fingerprint,
    )
    assert (job.validation_run_id, job.run_id, job.code_version) == ("run-1", "plan-run", CODE_VERSION)
    assert job.files_uri == installation.lake.job_uri(job.id)
    assert len(installation.catalog.costs_of([job.id])[job.id]) == 1


def test_the_files_are_there_and_hold_the_same_job(installation):
    installation.ready()

    job = _make(installation)

    files = _contents(installation, job)
    assert {"job.json", "trl/config.yaml", "trl/train.jsonl", "trl/explain.md"} <= set(files)
    assert json.loads(files["job.json"]) == job.job
    assert job.job["job_id"] == job.id
    assert len(files["trl/train.jsonl"].splitlines()) == 12


def test_making_it_again_gives_the_same_job_and_the_same_bytes(installation):
    installation.ready()
    job = _make(installation)
    files = _contents(installation, job)

    again = _make(installation, LATER)

    assert again == job
    assert _contents(installation, job) == files


def test_a_validation_with_the_same_rows_gives_the_same_job(installation):
    installation.ready()
    job = _make(installation)

    installation.ready(run_id="run-2")

    assert _make(installation).id == job.id


def test_other_rows_give_another_job_although_all_counts_are_the_same(installation):
    installation.ready()
    job = _make(installation)

    installation.ready(OTHER_TALK, "run-2")
    other = _make(installation)

    assert other.id != job.id
    assert other.id.rpartition("-")[0] == job.id.rpartition("-")[0]


def test_a_name_with_line_breaks_cannot_write_into_a_config(installation):
    odd = replace(installation.ready(), name='odd\nlearning_rate: 1\n"""\nimport os')
    every = replace(SETUP, targets=("trl", "axolotl", "llama-factory", "together", "openai", "unsloth"))

    prepared = prepare(installation.lake, odd)
    job = installation.maker.make(prepared, consider(prepared.facts, every, CATALOGUES), "plan", NOON)

    files = _contents(installation, job)
    assert "learning_rate" not in yaml.safe_load(files["trl/config.yaml"])
    assert {name.partition("/")[0] for name in files} == {*every.targets, "job.json"}


def test_a_catalog_that_fails_leaves_files_that_the_next_try_replaces(installation, monkeypatch):
    installation.ready()

    def fail(*_arguments):
        raise CatalogError("locked")

    monkeypatch.setattr(installation.catalog, "create_job", fail)
    with pytest.raises(CatalogError):
        _make(installation)
    monkeypatch.undo()
    assert installation.catalog.list_jobs(None).total == 0

    assert _make(installation).status == "configured"


def test_a_dataset_with_errors_is_not_prepared(installation):
    installation.ready()
    installation.catalog.record_verdict(replace(REJECTED, content_version="bytes-of-d1"), LATER)

    with pytest.raises(DatasetNotReady) as caught:
        installation.prepared()

    assert str(caught.value) == (
        "expected a ready dataset, found 'd1' (id d1) error; see lora-pipeline datasets show d1"
    )


def test_a_deleted_dataset_is_not_prepared(installation):
    installation.ready()
    installation.catalog.soft_delete("d1", "ann", LATER)

    with pytest.raises(DatasetNotReady, match=r"found 'd1' \(id d1\) deleted"):
        installation.prepared()


def test_rows_of_a_verdict_that_is_not_recorded_yet_are_not_taken(installation):
    dataset = installation.ready()
    installation.ready(OTHER_TALK, "run-2")

    with pytest.raises(LakeError, match="expected the rows of the verdict on d1, found newer ones"):
        prepare(installation.lake, dataset)
