"""Promises of `pipeline.state.catalog.measures`."""

from datetime import timedelta

from pipeline.state.catalog.measures import DecidedDataset
from tests.state.catalog.examples import LATER, NOON, PATIENCE, READY, upload


def test_an_empty_catalog_has_an_entry_for_every_state(catalog):
    found = catalog.measured()

    assert set(found.datasets.values()) | set(found.trainings.values()) | set(found.batches.values()) == {0}
    assert {"failed", "ready"} < set(found.datasets)
    assert (found.waiting_since, found.metered_nano_usd, catalog.generation_nano_usd()) == (None, 0, 0)


def test_what_waits_is_told_apart_from_what_a_run_was_asked_for(catalog):
    catalog.register_uploads([upload(each) for each in ("d1", "d2", "d3", "gone")], NOON)
    catalog.soft_delete("gone", "ann", NOON)
    catalog.mark_requested(["d2", "d3"], "key", LATER)
    catalog.begin_try("validation", "d3", "run-0")
    catalog.spend_try("validation", "d3", "run-0", "no space left", PATIENCE, LATER)

    found = catalog.measured()

    assert (found.unasked, found.asked, found.retrying, found.datasets["validating"]) == (2, 1, 1, 3)
    assert found.waiting_since == NOON
    assert found.datasets["ready"] == 0


def test_a_verdict_is_found_by_when_it_was_given(catalog):
    catalog.register_uploads([upload("d1"), upload("waits")], NOON)
    catalog.mark_requested(["d1"], "key", NOON)
    catalog.record_verdict(READY, LATER)

    assert catalog.decided_since(LATER) == [DecidedDataset("d1", "ready", NOON, LATER)]
    assert catalog.decided_since(LATER + timedelta(microseconds=1)) == []
