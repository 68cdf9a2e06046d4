"""Promises of `pipeline.state.catalog.requests`."""

from dataclasses import replace

import pytest

from pipeline.errors import Conflicting, DatasetNotFound
from pipeline.state.catalog.job_records import PlanResult
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, PATIENCE, READY, start_upload, upload


def test_datasets_wait_oldest_first(catalog):
    catalog.register_uploads([upload("new")], LATER)
    catalog.register_uploads([upload("b"), upload("a")], NOON)

    assert [d.id for d in catalog.unrequested(10, MUCH_LATER)] == ["a", "b", "new"]
    assert [d.id for d in catalog.unrequested(2, MUCH_LATER)] == ["a", "b"]


def test_only_datasets_that_somebody_waits_for_are_validated(catalog):
    catalog.register_uploads([upload("old", path="p"), upload("d1", path="p"), upload("deleted")], NOON)
    catalog.register_uploads([upload("waits")], NOON)
    catalog.soft_delete("deleted", "ann", NOON)
    catalog.record_verdict(READY, NOON)
    start_upload(catalog, "uploading")

    assert [d.id for d in catalog.unrequested(10, MUCH_LATER)] == ["waits"]


def test_a_restored_dataset_waits_again(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    catalog.soft_delete("d1", "ann", NOON)
    catalog.restore("d1", "ann", LATER)

    assert [d.id for d in catalog.unrequested(10, MUCH_LATER)] == ["d1"]


def test_a_request_counts_once(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    registered = catalog.get("d1")

    catalog.mark_requested(["d1"], "first", LATER)
    catalog.mark_requested(["d1", "unknown"], "second", MUCH_LATER)

    asked = replace(registered, requested_at=LATER, updated_at=LATER, request_key="first", asked=1, partition_key="d1")
    assert catalog.get("d1") == asked
    assert [d.id for d in catalog.unrequested(10, MUCH_LATER)] == ["d2"]


def test_what_lost_its_files_is_validated_as_if_it_were_new(catalog):
    """What it took the last time does not count any more."""
    catalog.register_uploads([upload("d1")], NOON)
    catalog.begin_try("validation", "d1", "run-0")
    catalog.spend_try("validation", "d1", "run-0", "no space left", PATIENCE, NOON)
    catalog.record_verdict(READY, NOON)

    catalog.request_again(["d1"], LATER)

    again = catalog.get("d1")
    assert (again.status, again.attempt, again.retry_at, again.failure) == ("validating", 0, None, None)
    assert [d.id for d in catalog.unrequested(10, LATER)] == ["d1"]


def test_a_dataset_is_validated_again_when_somebody_wants_it(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    catalog.mark_requested(["d1", "d2"], "first", NOON)
    catalog.record_verdict(READY, NOON)
    catalog.begin_try("validation", "d2", "run-0")
    catalog.spend_try("validation", "d2", "run-0", "no space left", PATIENCE, NOON)
    assert catalog.unrequested(10, NOON) == []

    again = [catalog.retry(each, "ann", LATER) for each in ("d1", "d2")]

    assert [(each.status, each.attempt, each.updated_at) for each in again] == [("validating", 0, LATER)] * 2
    assert [each.id for each in catalog.unrequested(10, LATER)] == ["d1", "d2"]


def test_what_nothing_would_validate_says_why(catalog):
    catalog.register_uploads([upload("old", path="p"), upload("new", path="p"), upload("gone"), upload("asked")], NOON)
    catalog.soft_delete("gone", "ann", NOON)
    catalog.mark_requested(["asked"], "key", NOON)
    start_upload(catalog, "sent")
    expected = {
        "old": "replaced by other bytes",
        "new": "waits for its verdict already",
        "gone": "restore it first",
        "asked": "waits for its verdict already",
        "sent": "upload and confirm it first",
    }

    for dataset_id, reason in expected.items():
        with pytest.raises(Conflicting, match=reason):
            catalog.retry(dataset_id, "ann", LATER)
    with pytest.raises(DatasetNotFound):
        catalog.retry("new", "bob", LATER)


def test_what_is_under_way_is_not_settled(catalog):
    """A validation, a plan; what failed, and whatever a run was asked for, deleted or not."""
    named = ("waits", "asked", "d1", "planned", "failed", "gone")
    catalog.register_uploads([upload(each) for each in named], NOON)
    catalog.mark_requested(["asked", "gone", "failed"], "key", NOON)
    for dataset_id in ("d1", "planned"):
        catalog.record_verdict(replace(READY, dataset_id=dataset_id, content_version=f"bytes-of-{dataset_id}"), NOON)
    dataset = catalog.get("planned")
    catalog.record_split(dataset, "rows", NOON)
    catalog.record_plan(dataset, PlanResult(0, "none", (), "run-1"), NOON)
    catalog.begin_try("validation", "failed", "run-0")
    patience = replace(PATIENCE, max_attempts=1, pauses_s=(3_600,))
    catalog.spend_try("validation", "failed", "run-0", "no space left", patience, NOON)
    catalog.soft_delete("gone", "ann", NOON)

    assert catalog.settled([*named, "nobodys"]) == {"planned", "nobodys"}
