"""Promises of `pipeline.catalog.plans`."""

from dataclasses import asdict, replace

from tests.catalog.examples import LATER, MUCH_LATER, NOON, REJECTED, upload
from tests.catalog.job_examples import planned, ready

TRIES = 3


def _unplanned(catalog, limit=100):
    return [dataset.id for dataset in catalog.unplanned(limit, TRIES)]


def test_only_ready_datasets_that_are_current_and_not_deleted_wait_for_a_plan(catalog):
    for dataset_id in ("d1", "d2", "deleted"):
        ready(catalog, dataset_id)
    ready(catalog, "old", path="uploads/ann/same.jsonl")
    ready(catalog, "new", path="uploads/ann/same.jsonl")
    catalog.register_uploads([upload("bad"), upload("waiting")], NOON)
    catalog.record_verdict(replace(REJECTED, dataset_id="bad", content_version="bytes-of-bad"), NOON)
    catalog.soft_delete("deleted", "ann", NOON)

    assert _unplanned(catalog) == ["d1", "d2", "new"]
    assert _unplanned(catalog, limit=1) == ["d1"]


def test_a_planned_dataset_waits_no_more_until_it_is_validated_again(catalog):
    planned(catalog, ready(catalog))
    before = _unplanned(catalog)

    ready(catalog, run="run-2")

    assert (before, _unplanned(catalog)) == ([], ["d1"])


def test_a_request_that_is_not_answered_is_open_until_it_was_tried_often_enough(catalog):
    dataset = ready(catalog)
    seen = []
    for _ in range(TRIES):
        seen.append((_unplanned(catalog), catalog.plan_attempts(["d1", "d2"])))
        catalog.mark_plans_requested([dataset], NOON)

    assert seen == [(["d1"], {"d1": tried, "d2": 0}) for tried in range(TRIES)]
    assert _unplanned(catalog) == []


def test_attempts_begin_anew_with_a_new_verdict(catalog):
    dataset = ready(catalog)
    for _ in range(2):
        catalog.mark_plans_requested([dataset], NOON)

    again = ready(catalog, run="run-2")

    assert catalog.plan_attempts(["d1"]) == {"d1": 0}
    catalog.mark_plans_requested([again], NOON)
    assert catalog.plan_attempts(["d1"]) == {"d1": 1}


def test_a_plan_tried_too_often_is_given_up_once_and_its_owner_told(catalog):
    dataset = ready(catalog)
    for _ in range(TRIES):
        catalog.mark_plans_requested([dataset], NOON)

    given_up = [catalog.give_up_plans(TRIES, LATER) for _ in range(2)]

    assert given_up == [["d1"], []]
    assert catalog.plan_of("d1").status == "failed"
    assert [(n.kind, n.title) for n in catalog.notifications("ann")] == [
        ("run_failed", "Training jobs for d1 could not be made"),
        ("dataset_ready", "d1 is ready"),
    ]


def test_a_plan_that_is_still_tried_is_not_given_up(catalog):
    catalog.mark_plans_requested([ready(catalog)], NOON)

    assert catalog.give_up_plans(TRIES, LATER) == []


def test_what_came_of_a_plan_is_kept_and_told_once_for_the_same_rows(catalog):
    dataset = ready(catalog)
    catalog.mark_plans_requested([dataset], NOON)

    for moment in (LATER, MUCH_LATER):
        planned(catalog, dataset, now=moment)

    assert asdict(catalog.plan_of("d1")) == {
        "dataset_id": "d1",
        "validation_run_id": "run-1",
        "status": "planned",
        "requested_at": NOON,
        "attempt": 1,
        "split_fingerprint": "rows-1",
        "job_count": 1,
        "message": "1 training job",
        "not_possible": [],
        "run_id": "plan-run",
        "updated_at": MUCH_LATER,
    }
    assert [n.kind for n in catalog.notifications("ann")] == ["training_jobs_ready", "dataset_ready"]


def test_a_run_that_died_after_the_split_leaves_the_plan_open(catalog):
    dataset = ready(catalog)
    planned(catalog, dataset)

    catalog.record_split(dataset, "rows-2", LATER)

    assert (_unplanned(catalog), catalog.plan_of("d1").split_fingerprint) == (["d1"], "rows-2")


def test_a_new_verdict_forgets_the_rows_of_the_old_one(catalog):
    planned(catalog, ready(catalog))

    catalog.mark_plans_requested([ready(catalog, run="run-2")], LATER)

    assert catalog.plan_of("d1").split_fingerprint is None


def test_a_dataset_never_planned_has_no_plan(catalog):
    assert catalog.plan_of("d1") is None
