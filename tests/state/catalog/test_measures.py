"""Promises of `pipeline.state.catalog.measures`."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from pipeline.state.catalog.changed_keys import changes
from pipeline.state.catalog.measures import DecidedDataset, Queue
from pipeline.state.catalog.tables import datasets
from tests.state.catalog.examples import LATER, NOON, PATIENCE, READY, upload
from tests.state.catalog.job_examples import planned, ready
from tests.state.catalog.statements_seen import plan_of, statements_seen


def test_an_empty_catalog_has_an_entry_for_every_state(catalog):
    found = catalog.measured()

    assert set(found.datasets.values()) | set(found.trainings.values()) | set(found.batches.values()) == {0}
    assert {"failed", "ready"} < set(found.datasets)
    assert (found.metered_nano_usd, catalog.generation_nano_usd()) == (0, 0)
    assert found.queues == dict.fromkeys(("validation", "planning", "publication", "folding"), Queue(0))


def test_what_waits_is_told_apart_from_what_a_run_was_asked_for(catalog):
    catalog.register_uploads([upload(each) for each in ("d1", "d2", "d3", "gone")], NOON)
    catalog.soft_delete("gone", "ann", NOON)
    catalog.mark_requested(["d2", "d3"], "key", LATER)
    catalog.begin_try("validation", "d3", "run-0")
    catalog.spend_try("validation", "d3", "run-0", "no space left", PATIENCE, LATER)

    found = catalog.measured()

    assert found.queues["validation"] == Queue(2, 1, NOON)
    assert (found.retrying, found.datasets["validating"], found.datasets["ready"]) == (1, 3, 0)


def test_a_plan_is_waited_for_until_it_is_made_or_a_person_is_told(catalog):
    asked, failed, made, _ = (ready(catalog, each) for each in ("asked", "failed", "made", "unasked"))
    planned(catalog, made)
    catalog.mark_plans_requested([asked, failed], "key", LATER)
    catalog.begin_try("plan", "failed", "run-0")
    one_try = replace(PATIENCE, max_attempts=1)
    waiting = catalog.measured().queues["planning"]
    catalog.spend_try("plan", "failed", "run-0", "no space left", one_try, LATER)

    assert waiting == Queue(1, 2, NOON)
    assert catalog.measured().queues["planning"] == Queue(1, 1, NOON)


def test_what_changed_waits_for_a_publication_and_small_files_for_a_fold(catalog):
    catalog.register_uploads([upload("d1"), upload("d2")], NOON)
    catalog.record_verdict(READY, LATER)
    before = catalog.measured().queues
    with catalog.snapshot() as snapshot:
        catalog.note_published(snapshot.changes(), "token")
    catalog.note_unfolded(7, NOON)
    after = catalog.measured().queues
    with catalog._writing() as connection:
        connection.execute(update(datasets).values(description="x"))
        connection.execute(update(changes).values(noted_at=LATER))

    assert (before["publication"].unasked, before["publication"].since is None, before["folding"]) == (
        2,
        False,
        Queue(0),
    )
    assert (after["publication"], after["folding"]) == (Queue(0), Queue(7, since=NOON))
    assert catalog.measured().queues["publication"] == Queue(2, since=LATER)


def test_what_waits_is_found_beside_any_number_that_waits_for_nothing(catalog):
    """Sensors look every few seconds: an index has the few, and none of the others."""
    with statements_seen(catalog._engine) as seen:
        catalog.unplanned(10, LATER)
        catalog.open_requests("validation")
        catalog.open_requests("plan")
    plans = [plan_of(catalog._engine, each) for each in seen]

    wanted = ("ix_datasets_unplanned", "ix_datasets_undecided", "ix_training_plans_open")
    assert [each for each, plan in zip(wanted, plans, strict=True) if each not in plan] == []


def test_a_verdict_is_found_by_when_it_was_given(catalog):
    catalog.register_uploads([upload("d1"), upload("waits")], NOON)
    catalog.mark_requested(["d1"], "key", NOON)
    catalog.record_verdict(READY, LATER)

    assert catalog.decided_since(LATER) == [DecidedDataset("d1", "ready", NOON, LATER)]
    assert catalog.decided_since(LATER + timedelta(microseconds=1)) == []
