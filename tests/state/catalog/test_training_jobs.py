"""Promises of `pipeline.state.catalog.training_jobs`."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from pipeline.errors import DatasetNotFound, JobNotFound, UsageError
from pipeline.state.catalog.statuses import JOB_STATUSES
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON
from tests.state.catalog.job_examples import ESTIMATE, JOB, ready


def test_a_job_comes_back_as_it_was_made_and_belongs_to_the_owner_of_its_dataset(catalog):
    ready(catalog)

    made = catalog.create_job(JOB, ESTIMATE, NOON)

    expected = asdict(JOB) | {"id": "job-1", "user_id": "ann", "status": "configured", "status_reason": None}
    expected |= {"targets": ["trl", "axolotl"], "created_at": NOON, "updated_at": NOON}
    del expected["job_id"]
    assert asdict(made) == expected
    assert catalog.find_job("ann", "job-1") == made


def test_the_same_job_again_changes_nothing(catalog):
    ready(catalog)
    made = catalog.create_job(JOB, ESTIMATE, NOON)

    again = catalog.create_job(JOB, ESTIMATE, LATER)

    assert again == made
    assert len(catalog.costs_of(["job-1"])["job-1"]) == 1


def test_a_job_of_an_unknown_dataset_is_refused_whole(catalog):
    with pytest.raises(DatasetNotFound):
        catalog.create_job(JOB, ESTIMATE, NOON)

    assert catalog.list_jobs(None).total == 0


def test_a_job_is_found_by_id_by_the_beginning_of_its_id_or_by_name_and_by_its_owner_only(catalog):
    ready(catalog)
    made = catalog.create_job(JOB, ESTIMATE, NOON)

    found = [catalog.find_job("ann", text) for text in ("job-1", "jo", "d1 on Qwen3-8B")]

    assert found == [made] * 3
    for user, text in (("bob", "job-1"), ("ann", "job-2"), ("ann", "")):
        with pytest.raises(JobNotFound):
            catalog.find_job(user, text)


def test_several_jobs_that_fit_are_named(catalog):
    ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)
    catalog.create_job(replace(JOB, job_id="job-2", gpu="H100-SXM"), ESTIMATE, LATER)

    with pytest.raises(UsageError) as caught:
        catalog.find_job("ann", "job")

    assert str(caught.value) == (
        "expected one job, found several for 'job'; give the id of one:\n"
        "  job-2  Qwen3-8B, lora, H100-SXM, configured\n"
        "  job-1  Qwen3-8B, lora, A100-80GB-SXM, configured"
    )


def test_jobs_are_listed_newest_first_by_owner_dataset_and_status_in_pages(catalog):
    for dataset_id, user_id in (("d1", "ann"), ("d2", "ann"), ("d3", "bob")):
        ready(catalog, dataset_id, user_id=user_id)
        catalog.create_job(replace(JOB, job_id=f"job-{dataset_id}", dataset_id=dataset_id), ESTIMATE, NOON)
    catalog.create_job(replace(JOB, job_id="job-new"), ESTIMATE, LATER)
    catalog.cancel_job("job-d2", "ann", LATER)

    def ids(*arguments, **options):
        page = catalog.list_jobs(*arguments, **options)
        return [job.id for job in page.items], page.total

    assert ids("ann") == (["job-new", "job-d1", "job-d2"], 3)
    assert ids(None) == (["job-new", "job-d1", "job-d2", "job-d3"], 4)
    assert ids("ann", dataset_id="d1") == (["job-new", "job-d1"], 2)
    assert ids("ann", status="cancelled") == (["job-d2"], 1)
    assert ids("ann", page=2, limit=2) == (["job-d2"], 3)
    assert ids("ann", page=10**30, limit=10**30) == ([], 3)
    assert ids("carl") == ([], 0)
    counts = catalog.job_counts("ann")
    assert {status: count for status, count in counts.items() if count} == {"configured": 2, "cancelled": 1}
    assert tuple(counts) == JOB_STATUSES
    assert catalog.job_counts("ann", "d2")["cancelled"] == 1


def test_jobs_are_searched_by_name_and_ordered_by_their_newest_estimate(catalog):
    ready(catalog)
    dear, cheap = replace(ESTIMATE, cost_usd=9.0), replace(ESTIMATE, cost_usd=0.5)
    unpriced = replace(ESTIMATE, cost_usd=None)
    for job_id, name, estimates in (
        ("job-a", "Öl, Qwen3-8B", [dear, cheap]),  # it has become cheap
        ("job-b", "öl_2, Llama-3.1-8B", [unpriced]),
        ("job-c", "talk, Qwen3-8B", [ESTIMATE]),
    ):
        for later_s, estimate in enumerate(estimates):
            job = replace(JOB, job_id=job_id, name=name)
            catalog.create_job(job, estimate, NOON + timedelta(seconds=later_s))

    def ids(**options):
        return [job.id for job in catalog.list_jobs("ann", **options).items]

    assert ids(sort="cost") == ["job-c", "job-a", "job-b"]
    assert ids(search="qwen") == ["job-a", "job-c"]
    assert ids(search="ÖL") == ["job-a", "job-b"]
    assert ids(search="l_2") == ["job-b"]
    assert ids(search="%") == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"status": "done"},
            "status: expected one of configured, stale, cancelled, queued, running, succeeded, failed, lost, "
            "found 'done'",
        ),
        ({"page": 0}, "expected a page and a limit of at least 1, found page 0 and limit 20"),
    ],
)
def test_a_list_that_cannot_be_is_refused(catalog, options, message):
    with pytest.raises(UsageError) as caught:
        catalog.list_jobs(None, **options)

    assert str(caught.value) == message


def test_a_cancelled_job_stays_so_for_the_plan_and_comes_back_for_a_person(catalog):
    ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)
    catalog.cancel_job("job-1", "ann", LATER)

    by_plan = catalog.create_job(JOB, ESTIMATE, MUCH_LATER)
    by_person = catalog.create_job(replace(JOB, origin="person"), ESTIMATE, MUCH_LATER)

    assert (by_plan.status, by_plan.updated_at) == ("cancelled", LATER)
    assert (by_person.status, by_person.updated_at) == ("configured", MUCH_LATER)


def test_a_job_of_another_user_cannot_be_cancelled_nor_reported(catalog):
    ready(catalog)
    catalog.create_job(JOB, ESTIMATE, NOON)

    for use in (catalog.cancel_job, catalog.report_job):
        with pytest.raises(JobNotFound):
            use("job-1", "bob", LATER)
    assert catalog.find_job("ann", "job-1").status == "configured"


def test_an_ended_job_cannot_be_cancelled_nor_a_cancelled_one_reported(catalog):
    ready(catalog)
    for job_id in ("job-1", "job-2"):
        catalog.create_job(replace(JOB, job_id=job_id), ESTIMATE, NOON)
    catalog.report_job("job-1", "ann", LATER, status="succeeded")
    catalog.cancel_job("job-2", "ann", LATER)

    with pytest.raises(UsageError, match="expected a job that has not ended, found job-1 succeeded"):
        catalog.cancel_job("job-1", "ann", LATER)
    with pytest.raises(UsageError, match="expected a job that is not cancelled, found job-2"):
        catalog.report_job("job-2", "ann", LATER, status="running")


def test_a_job_is_a_change_that_the_warehouse_must_see(catalog):
    ready(catalog)
    before = catalog.last_change()

    catalog.create_job(JOB, ESTIMATE, LATER)

    assert (before, catalog.last_change()) == (NOON, LATER)
