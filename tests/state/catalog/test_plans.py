"""Promises of `pipeline.state.catalog.plans`."""

from dataclasses import asdict, replace

from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, PATIENCE, REJECTED, upload
from tests.state.catalog.job_examples import planned, ready


def _unplanned(catalog, limit=100, now=MUCH_LATER):
    return [dataset.id for dataset in catalog.unplanned(limit, now)]


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


def test_a_plan_that_a_run_was_asked_for_is_asked_for_once(catalog):
    dataset = ready(catalog)

    catalog.mark_plans_requested([dataset], "key", NOON)

    assert _unplanned(catalog) == []


def test_tries_begin_anew_with_a_new_verdict(catalog):
    dataset = ready(catalog)
    catalog.mark_plans_requested([dataset], "key", NOON)
    catalog.begin_try("plan", "d1", "run-7")
    catalog.spend_try("plan", "d1", "run-7", "killed", PATIENCE, NOON, has_crashed=True)
    before = catalog.plan_tries(["d1", "d2"])

    again = ready(catalog, run="run-2")

    assert (before, catalog.plan_tries(["d1"])) == ({"d1": (1, 1), "d2": (0, 0)}, {"d1": (0, 0)})
    catalog.mark_plans_requested([again], "other", NOON)
    assert catalog.plan_tries(["d1"]) == {"d1": (0, 0)}


def test_what_came_of_a_plan_is_kept_and_told_once_for_the_same_rows(catalog):
    dataset = ready(catalog)
    catalog.mark_plans_requested([dataset], "key", NOON)

    for moment in (LATER, MUCH_LATER):
        planned(catalog, dataset, now=moment)

    assert asdict(catalog.plan_of("d1")) == {
        "dataset_id": "d1",
        "validation_run_id": "run-1",
        "status": "planned",
        "requested_at": NOON,
        "attempt": 0,
        "split_fingerprint": "rows-1",
        "job_count": 1,
        "message": "1 training job",
        "not_possible": [],
        "run_id": "plan-run",
        "updated_at": MUCH_LATER,
        "request_key": None,
        "asked": 0,
        "begun_by": None,
        "crashes": 0,
        "retry_at": None,
    }
    assert [n.kind for n in catalog.notifications("ann")] == ["training_jobs_ready", "dataset_ready"]


def test_a_run_that_died_after_the_split_leaves_the_plan_open(catalog):
    dataset = ready(catalog)
    planned(catalog, dataset)

    catalog.record_split(dataset, "rows-2", LATER)

    assert (_unplanned(catalog), catalog.plan_of("d1").split_fingerprint) == (["d1"], "rows-2")


def test_a_new_verdict_forgets_the_rows_of_the_old_one(catalog):
    planned(catalog, ready(catalog))

    catalog.mark_plans_requested([ready(catalog, run="run-2")], "key", LATER)

    assert catalog.plan_of("d1").split_fingerprint is None


def test_a_dataset_never_planned_has_no_plan(catalog):
    assert catalog.plan_of("d1") is None
