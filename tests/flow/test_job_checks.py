"""Promises of `pipeline.flow.job_checks`."""

from dataclasses import asdict, replace
from datetime import date

import pytest

from pipeline.flow.job_checks import JOB_CHECKS, JobsReport
from pipeline.state.catalog.job_records import CostRecord, Job
from tests.state.catalog.examples import NOON
from tests.state.catalog.job_examples import ESTIMATE, JOB

CHECKS = {check.name: check for check in JOB_CHECKS}
_FIELDS = asdict(JOB) | {"id": JOB.job_id, "user_id": "ann", "status": "configured", "status_reason": None}
del _FIELDS["job_id"]
FACTS = {"optimisation": {"steps": 100}, "data": {"rows_without_supervised_tokens": 0}}
GOOD = Job(**_FIELDS | {"job": FACTS, "created_at": NOON, "updated_at": NOON})
COST = CostRecord(id="c", job_id="job-1", user_id="ann", created_at=NOON, **asdict(ESTIMATE))
REPORT = JobsReport([GOOD], {"job-1": [COST]}, [], date(2026, 3, 1))


def _with(**parts):
    return replace(REPORT, jobs=[replace(GOOD, job=FACTS | parts)])


def test_a_job_without_a_fault_passes_all():
    assert {name: check.decide(REPORT) for name, check in CHECKS.items()} == {
        "fits_in_memory": (True, "1 jobs fit, 40.0 GB at most are expected"),
        "enough_optimiser_steps": (True, "100 optimiser steps or more; at least 30 are wanted"),
        "no_row_without_supervised_tokens": (
            True,
            "0 rows have no answer within the length of a job, and are left out",
        ),
        "jobs_are_current": (True, "1 current jobs, 0 out of date"),
        "price_fresh": (True, "prices are 28 days old; up to 90 are fresh"),
    }


@pytest.mark.parametrize(
    ("name", "report", "description"),
    [
        (
            "fits_in_memory",
            replace(REPORT, not_possible=[{"kind": "does-not-fit", "setup": "s", "reason": "10 GB too few"}]),
            "10 GB too few",
        ),
        (
            "enough_optimiser_steps",
            _with(optimisation={"steps": 6}),
            "6 optimiser steps or more; at least 30 are wanted",
        ),
        (
            "no_row_without_supervised_tokens",
            _with(data={"rows_without_supervised_tokens": 3}),
            "3 rows have no answer within the length of a job, and are left out",
        ),
        (
            "jobs_are_current",
            replace(REPORT, jobs=[replace(GOOD, status="stale", status_reason="it changed")]),
            "1 jobs are out of date, none is current: it changed",
        ),
        ("price_fresh", replace(REPORT, today=date(2026, 6, 1)), "prices are 120 days old; up to 90 are fresh"),
        ("price_fresh", replace(REPORT, costs={"job-1": [replace(COST, price_as_of=None)]}), "1 jobs have no price"),
    ],
)
def test_each_fault_is_found_and_said(name, report, description):
    assert CHECKS[name].decide(report) == (False, description)


def test_a_provider_needs_no_memory_of_ours_and_a_price_like_everyone():
    hosted = replace(COST, hours=None, peak_memory_gb=None, fits=None)
    report = replace(REPORT, costs={"job-1": [hosted]})
    unpriced = replace(REPORT, costs={"job-1": [replace(hosted, cost_usd=None, price_as_of=None)]})

    assert CHECKS["fits_in_memory"].decide(report) == (True, "providers train on machines of their own")
    assert CHECKS["price_fresh"].decide(report) == CHECKS["price_fresh"].decide(REPORT)
    assert CHECKS["price_fresh"].decide(unpriced) == (False, "1 jobs have no price")


def test_a_tight_job_passes_and_is_named():
    report = replace(REPORT, costs={"job-1": [replace(COST, fits="tight")]})

    assert CHECKS["fits_in_memory"].decide(report) == (True, "1 jobs fit, 40.0 GB at most are expected; 1 may not")


def test_without_jobs_there_is_nothing_to_object_to():
    nothing = JobsReport([], {}, [], date(2026, 3, 1))

    assert [check.decide(nothing)[0] for check in JOB_CHECKS] == [True] * len(JOB_CHECKS)


def test_only_the_newest_estimate_and_jobs_that_may_start_count():
    jobs = [GOOD, replace(GOOD, id="job-2", status="stale"), replace(GOOD, id="job-3", status="cancelled")]
    old = replace(COST, price_as_of=date(2020, 1, 1))
    report = replace(REPORT, jobs=jobs, costs={"job-1": [old, COST], "job-2": [old], "job-3": [old]})

    assert [check.decide(report)[0] for check in JOB_CHECKS] == [True] * len(JOB_CHECKS)
