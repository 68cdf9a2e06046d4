"""Promises of `pipeline.state.catalog.stale`: which jobs are out of date, and that all others stay."""

from dataclasses import replace

import pytest

from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, REJECTED, upload
from tests.state.catalog.job_examples import ESTIMATE, JOB, planned, ready


@pytest.fixture
def dataset(catalog):
    """A ready dataset with a job of its rows."""
    made = ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)
    planned(catalog, made)
    return made


def _state(catalog, job_id="job-1"):
    job = catalog.find_job(None, job_id)
    return job.status, job.status_reason


def _told(catalog):
    return [n.message for n in catalog.notifications("ann") if n.kind == "training_jobs_stale"]


def test_nothing_is_stale_while_the_dataset_is_what_it_was(catalog, dataset):
    assert catalog.mark_stale_jobs(LATER) == []
    assert _state(catalog) == ("configured", None)


def test_a_newer_upload_makes_the_jobs_of_the_old_one_stale_and_its_owner_is_told_once(catalog, dataset):
    catalog.register_uploads([upload("d2", path=dataset.storage_path)], NOON)

    marked = [[job.id for job in catalog.mark_stale_jobs(LATER)] for _ in range(2)]

    assert marked == [["job-1"], []]
    assert _state(catalog) == ("stale", "a newer upload took the dataset's place")
    assert _told(catalog) == ["Do not start them: a newer upload took the dataset's place."]


def test_a_dataset_that_turned_to_error_makes_its_jobs_stale(catalog, dataset):
    catalog.record_verdict(REJECTED, LATER)

    catalog.mark_stale_jobs(LATER)

    assert _state(catalog) == ("stale", "the dataset was validated again and has errors")


def test_a_validation_under_way_makes_nothing_stale(catalog, dataset):
    catalog.request_again(["d1"], LATER)

    assert catalog.mark_stale_jobs(LATER) == []


def test_a_validation_with_the_same_rows_makes_nothing_stale(catalog, dataset):
    again = ready(catalog, run="run-2")

    assert planned(catalog, again) == []
    assert _state(catalog) == ("configured", None)


def test_a_plan_for_other_rows_makes_the_jobs_of_the_old_rows_stale(catalog, dataset):
    again = ready(catalog, run="run-2")
    catalog.create_job(replace(JOB, job_id="job-2", split_fingerprint="rows-2"), ESTIMATE, LATER)

    assert planned(catalog, again, "rows-2", LATER) == ["job-1"]
    assert _state(catalog) == ("stale", "the dataset was validated again and has other rows or another split")
    assert _state(catalog, "job-2") == ("configured", None)


def test_a_job_made_between_a_verdict_and_its_plan_is_not_stale(catalog, dataset):
    ready(catalog, run="run-2")
    catalog.create_job(replace(JOB, job_id="job-2", split_fingerprint="rows-2"), ESTIMATE, LATER)

    assert catalog.mark_stale_jobs(LATER) == []


def test_other_datasets_jobs_are_left_alone(catalog, dataset):
    other = ready(catalog, "d2")
    catalog.create_job(replace(JOB, job_id="other", dataset_id="d2", split_fingerprint="rows-9"), ESTIMATE, NOON)
    planned(catalog, other, "rows-9")

    again = ready(catalog, run="run-2")

    assert planned(catalog, again, "rows-2") == ["job-1"]
    assert _state(catalog, "other") == ("configured", None)


@pytest.mark.parametrize("status", ["running", "succeeded", "failed"])
def test_a_job_that_a_trainer_began_keeps_its_status(catalog, dataset, status):
    catalog.report_job("job-1", "ann", NOON, status)
    catalog.record_verdict(REJECTED, LATER)

    assert catalog.mark_stale_jobs(LATER) == []
    assert _state(catalog)[0] == status


def test_a_stale_job_whose_rows_are_back_is_configured_again(catalog, dataset):
    catalog.record_verdict(REJECTED, LATER)
    catalog.mark_stale_jobs(LATER)
    ready(catalog, run="run-3")

    catalog.create_job(JOB, ESTIMATE, MUCH_LATER)

    assert _state(catalog) == ("configured", None)


def test_a_dataset_that_comes_back_with_its_old_verdict_is_planned_again(catalog, dataset):
    catalog.register_uploads([upload("d2", path=dataset.storage_path)], NOON)
    catalog.mark_stale_jobs(LATER)
    gone = [each.id for each in catalog.unplanned(10, MUCH_LATER)]

    catalog.register_uploads([upload("d1", path=dataset.storage_path)], LATER)

    assert (gone, [each.id for each in catalog.unplanned(10, MUCH_LATER)]) == ([], ["d1"])
