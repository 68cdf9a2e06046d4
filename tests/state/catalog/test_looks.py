"""Promises of `pipeline.state.catalog.looks`."""

from datetime import timedelta

from pipeline.state.catalog.looks import NOTED_EVERY_S
from tests.state.catalog.examples import NOON


def test_a_new_catalog_knows_of_no_look(catalog):
    assert catalog.looks() == {}


def test_the_last_look_of_each_sensor_is_kept(catalog):
    later = NOON + timedelta(seconds=NOTED_EVERY_S)
    for name, now in (("new_uploads", NOON), ("stale_warehouse", NOON), ("new_uploads", later)):
        catalog.note_look(name, now)

    assert catalog.looks() == {"new_uploads": later, "stale_warehouse": NOON}


def test_looks_in_quick_succession_are_one_note(catalog):
    """Else each tick of each sensor were a write."""
    catalog.note_look("new_uploads", NOON)

    catalog.note_look("new_uploads", NOON + timedelta(seconds=NOTED_EVERY_S - 1))

    assert catalog.looks() == {"new_uploads": NOON}


def test_a_clock_that_was_put_back_does_not_end_the_notes(catalog):
    earlier = NOON - timedelta(hours=1)
    catalog.note_look("new_uploads", NOON)

    catalog.note_look("new_uploads", earlier)

    assert catalog.looks() == {"new_uploads": earlier}
