"""Promises of `pipeline.state.catalog.dataset_partitions`."""

from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY, upload
from tests.state.catalog.job_examples import planned

BATCH = "2026-03-01T12-0001"


def _asked(catalog, **batches):
    """Datasets of which runs were asked for, and then no more."""
    catalog.register_uploads([upload(each) for each in batches], NOON)
    shared = {each: batch for each, batch in batches.items() if batch}
    catalog.mark_requested(list(batches), "key", NOON, shared)
    catalog.release("validation", list(batches), "key")


def test_a_dataset_keeps_the_partition_that_it_was_given_first(catalog):
    _asked(catalog, alone=None, d1=BATCH, d2=BATCH)

    catalog.mark_requested(["alone", "d1", "d2"], "again", LATER, {"alone": BATCH, "d1": "2026-03-01T13-0001"})

    assert catalog.partition_members([BATCH, "alone", "nobodys"]) == {
        BATCH: ["d1", "d2"],
        "alone": ["alone"],
        "nobodys": ["nobodys"],
    }
    assert [each.partition for each in catalog.in_batch(BATCH)] == [BATCH] * 2


def test_the_last_batch_of_an_hour_is_found_whatever_the_order_of_names(catalog):
    _asked(catalog, d1=BATCH, d2="2026-03-01T12-0010", d3="2026-03-01T13-0099", alone=None)

    found = [catalog.last_batch(f"2026-03-01T{hour}-0000", f"2026-03-01T{hour}-9999") for hour in (11, 12, 13)]

    assert found == [None, "2026-03-01T12-0010", "2026-03-01T13-0099"]


def test_a_batch_is_settled_when_all_of_it_is(catalog):
    _asked(catalog, d1=BATCH, d2=BATCH, alone=None)
    catalog.record_verdict(READY, LATER)
    planned(catalog, catalog.get("d1"))
    catalog.soft_delete("alone", "ann", LATER)
    while_one_waits = catalog.settled_partitions([BATCH, "alone", "nobodys"])
    catalog.soft_delete("d2", "ann", MUCH_LATER)

    assert while_one_waits == {"alone", "nobodys"}
    assert catalog.settled_partitions([BATCH]) == {BATCH}


def test_a_request_names_its_datasets_and_no_others_of_their_batch(catalog):
    _asked(catalog, d1=BATCH, d2=BATCH)

    catalog.mark_requested(["d2"], "second", LATER)

    assert (catalog.asked_by("validation", "second"), catalog.asked_by("validation", "key")) == ({"d2"}, set())
