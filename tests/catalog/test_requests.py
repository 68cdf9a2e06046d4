"""Promises of `pipeline.catalog.requests`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import DatasetNotFound
from tests.catalog.examples import LATER, MUCH_LATER, NOON, READY, start_upload, upload


def test_datasets_wait_oldest_first(catalog):
    catalog.register_uploads([upload("new")], LATER)
    catalog.register_uploads([upload("b"), upload("a")], NOON)

    assert [d.id for d in catalog.unrequested(10)] == ["a", "b", "new"]
    assert [d.id for d in catalog.unrequested(2)] == ["a", "b"]


def test_only_datasets_that_somebody_waits_for_are_validated(catalog):
    catalog.register_uploads([upload("old", path="p"), upload("d1", path="p"), upload("deleted")], NOON)
    catalog.register_uploads([upload("waits")], NOON)
    catalog.soft_delete("deleted", "ann", NOON)
    catalog.record_verdict(READY, NOON)
    start_upload(catalog, "uploading")

    assert [d.id for d in catalog.unrequested(10)] == ["waits"]


def test_a_restored_dataset_waits_again(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    catalog.soft_delete("d1", "ann", NOON)
    catalog.restore("d1", "ann", LATER)

    assert [d.id for d in catalog.unrequested(10)] == ["d1"]


def test_a_request_counts_once(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    registered = catalog.get("d1")

    catalog.mark_requested(["d1"], LATER)
    catalog.mark_requested(["d1", "unknown"], MUCH_LATER)

    assert catalog.get("d1") == replace(registered, requested_at=LATER, updated_at=LATER, attempt=1)
    assert [d.id for d in catalog.unrequested(10)] == ["d2"]


def test_requests_that_never_answered_are_found_and_made_again(catalog):
    catalog.register_uploads([upload(i) for i in ("d1", "d2", "d3", "deleted")], NOON)
    catalog.soft_delete("deleted", "ann", NOON)
    catalog.mark_requested(["d1", "d2", "deleted"], LATER)
    catalog.record_verdict(READY, LATER)

    too_early = catalog.stuck(LATER)
    stuck = [d.id for d in catalog.stuck(LATER + timedelta(microseconds=1))]
    catalog.reset_request(["d1", *stuck])
    catalog.mark_requested(["d2"], MUCH_LATER)

    assert (too_early, stuck) == ([], ["d2"])
    assert (catalog.get("d1").requested_at, catalog.get("d1").attempt) == (LATER, 1)
    assert (catalog.get("d2").requested_at, catalog.get("d2").attempt) == (MUCH_LATER, 2)


def test_a_failure_is_noted_until_the_next_verdict(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    registered = catalog.get("d1")

    catalog.record_failure("d1", "the store did not answer", LATER)
    failed = catalog.get("d1")
    catalog.record_verdict(READY, MUCH_LATER)

    assert failed == replace(registered, failure="the store did not answer", updated_at=LATER)
    assert catalog.get("d1").failure is None


def test_a_failure_of_an_unknown_dataset_is_refused(catalog):
    with pytest.raises(DatasetNotFound) as caught:
        catalog.record_failure("d9", "the store did not answer", NOON)

    assert str(caught.value) == "expected the id of a dataset, found 'd9': list the datasets first"
