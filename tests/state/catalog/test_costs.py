"""Promises of `pipeline.state.catalog.costs`."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from pipeline.errors import JobNotFound
from pipeline.state.catalog.costs import newest
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON
from tests.state.catalog.job_examples import ACTUAL, ESTIMATE, JOB, ready


@pytest.fixture
def job(catalog):
    ready(catalog)
    return catalog.create_job(JOB, ESTIMATE, NOON)


def test_an_estimate_comes_back_as_it_was_made(catalog, job):
    [record] = catalog.costs_of([job.id])[job.id]

    expected = asdict(ESTIMATE) | {"basis": ["a rule", "a measurement"]}
    assert asdict(record) == expected | {"id": record.id, "job_id": job.id, "user_id": "ann", "created_at": NOON}
    assert record.id.startswith("job-1.estimate.")


def test_an_actual_is_a_row_of_its_own_and_the_estimate_stays(catalog, job):
    added = catalog.add_cost(job.id, "ann", ACTUAL, LATER)

    records = catalog.costs_of([job.id])[job.id]
    assert [(each.kind, each.cost_usd) for each in records] == [("estimate", 3.5), ("actual", 4.2)]
    assert (newest(records, "actual"), newest(records, "estimate")) == (added, records[0])
    assert newest([], "actual") is None


def test_the_same_cost_again_is_one_record_and_another_is_another(catalog, job):
    for cost in (ACTUAL, ACTUAL, replace(ACTUAL, source="invoice 8")):
        catalog.add_cost(job.id, "ann", cost, LATER)

    actual = [each.source for each in catalog.costs_of([job.id])[job.id] if each.kind == "actual"]
    assert sorted(actual) == ["invoice 7", "invoice 8"]


def test_a_price_that_changed_adds_an_estimate_and_keeps_the_old_one(catalog, job):
    catalog.create_job(JOB, replace(ESTIMATE, price_per_gpu_hour=2.0, cost_usd=4.0), MUCH_LATER)

    records = catalog.costs_of([job.id])[job.id]
    assert [(each.cost_usd, each.created_at) for each in records] == [(3.5, NOON), (4.0, MUCH_LATER)]


def test_an_estimate_that_holds_again_is_the_newest_again(catalog, job):
    """On demand, spot, on demand: the budget goes by the newest."""
    dearer = replace(ESTIMATE, price_per_gpu_hour=2.0, cost_usd=4.0)
    said = (dearer, dearer, ESTIMATE, ESTIMATE, dearer, ESTIMATE)
    for hours, estimate in enumerate(said, start=1):
        catalog.create_job(JOB, estimate, NOON + timedelta(hours=hours))

    records = catalog.costs_of([job.id])[job.id]
    assert [each.cost_usd for each in records] == [3.5, 4.0, 3.5, 4.0, 3.5]
    assert len({each.id for each in records}) == 5


def test_a_cost_is_a_change_of_its_job(catalog, job):
    catalog.add_cost(job.id, "ann", ACTUAL, LATER)

    assert catalog.find_job("ann", job.id).updated_at == LATER


def test_a_job_of_another_user_takes_no_cost(catalog, job):
    with pytest.raises(JobNotFound):
        catalog.add_cost(job.id, "bob", ACTUAL, LATER)

    assert len(catalog.costs_of([job.id])[job.id]) == 1


def test_jobs_without_records_have_an_entry(catalog):
    assert catalog.costs_of(["nothing"]) == {"nothing": []}
