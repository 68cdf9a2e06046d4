"""Promises of `pipeline.state.catalog.requests`."""

from dataclasses import replace

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

    asked = replace(registered, requested_at=LATER, updated_at=LATER, request_key="first", asked=1)
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
