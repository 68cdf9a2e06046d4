"""Promises of `pipeline.state.catalog.events`: history is complete, in order, and as whole as what it tells of."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select, text

from pipeline.errors import CatalogError
from pipeline.state.catalog import verdict_writes
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.job_records import PlanResult
from pipeline.state.catalog.migrations.versions import r0014_dataset_events as revision
from pipeline.state.catalog.statuses import EVENT_KINDS
from pipeline.state.catalog.tables import dataset_events
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, PATIENCE, READY, REJECTED, start_upload, upload

PATH = "uploads/ann/same.jsonl"


def _events(catalog, dataset_id=None):
    query = select(dataset_events).order_by(dataset_events.c.id)
    with catalog._reading() as connection:
        return [row for row in connection.execute(query) if dataset_id in (None, row.dataset_id)]


def _kinds(catalog, dataset_id):
    return [row.kind for row in _events(catalog, dataset_id)]


def _live(catalog):
    """A dataset that meets everything; every other kind of event is one of another dataset's."""
    catalog.register_uploads([upload("d1", path=PATH)], NOON)
    catalog.mark_requested(["d1"], "first", NOON)
    catalog.begin_try("validation", "d1", "run-0")
    catalog.spend_try("validation", "d1", "run-0", "the lake is away", replace(PATIENCE, max_attempts=2), NOON)
    catalog.mark_requested(["d1"], "second", NOON)
    catalog.begin_try("validation", "d1", "run-0")
    catalog.spend_try("validation", "d1", "run-0", "the lake is away", replace(PATIENCE, max_attempts=2), NOON)
    catalog.record_verdict(replace(REJECTED, finding_counts={"malformed-json": 7}), LATER)
    catalog.request_again(["d1"], LATER)
    catalog.record_verdict(READY, MUCH_LATER)
    catalog.mark_plans_requested([catalog.get("d1")], "plan", MUCH_LATER)
    catalog.begin_try("plan", "d1", "run-9")
    catalog.spend_try("plan", "d1", "run-9", "killed", PATIENCE, MUCH_LATER)
    catalog.record_split(catalog.get("d1"), "rows", MUCH_LATER)
    catalog.record_plan(catalog.get("d1"), PlanResult(1, "1 training job.", (), "run-9"), MUCH_LATER)
    catalog.soft_delete("d1", "ann", MUCH_LATER)
    catalog.soft_delete("d1", "ann", MUCH_LATER)
    catalog.restore("d1", "ann", MUCH_LATER)


LIFE = [
    "registered",
    *("requested", "run_failed", "requested", "given_up"),
    *("judged", "sent_back", "judged"),
    *("plan_requested", "plan_failed", "planned"),
    *("deleted", "restored"),
]


def test_the_whole_life_of_a_dataset_is_told_in_order(catalog):
    _live(catalog)

    found = _events(catalog, "d1")

    assert [row.kind for row in found] == LIFE
    assert found[-1].status == catalog.get("d1").status == "ready"
    failed, judged = found[2], found[5]
    assert (failed.run_id, failed.attempt, failed.status, failed.detail) == (
        "run-0",
        1,
        "validating",
        "the lake is away",
    )
    assert (found[4].attempt, found[4].status) == (2, "failed")
    assert (judged.created_at, judged.run_id, judged.status, judged.line_count, judged.rejected_line_count) == (
        LATER,
        "run-2",
        "error",
        6_000_000_001,
        1,
    )
    assert (judged.finding_counts, judged.detail) == ({"malformed-json": 7}, "Line 7 is not JSON.")


def test_bytes_that_change_and_come_back_are_told_of_both(catalog):
    catalog.register_uploads([upload("d1", path=PATH)], NOON)
    catalog.register_uploads([upload("d2", path=PATH)], LATER)
    catalog.register_uploads([upload("d1", path=PATH)], MUCH_LATER)

    assert (_kinds(catalog, "d1"), _kinds(catalog, "d2")) == (
        ["registered", "superseded", "returned"],
        ["registered", "superseded"],
    )
    assert [row.related_id for row in _events(catalog) if row.kind == "superseded"] == ["d2", "d1"]


def test_an_upload_through_the_service_is_told_from_its_announcement(catalog):
    for dataset_id in ("late", "whole"):
        start_upload(catalog, dataset_id)
    catalog.give_up_upload("late", "nothing came", LATER)
    catalog.confirm_upload("whole", "ann", "sha256:1", "seen", LATER)
    catalog.set_mapping("whole", "ann", "auto", MUCH_LATER)

    assert _kinds(catalog, "late") == ["announced", "expired"]
    assert _kinds(catalog, "whole") == ["announced", "registered", "sent_back"]


def test_what_happens_again_without_an_effect_is_not_told_again(catalog):
    catalog.register_uploads([upload("d1")], NOON)
    catalog.register_uploads([upload("d1")], LATER)
    catalog.mark_requested(["d1"], "first", NOON)
    catalog.mark_requested(["d1"], "second", NOON)
    catalog.record_verdict(READY, NOON)
    catalog.record_verdict(READY, LATER)
    catalog.restore("d1", "ann", LATER)

    assert _kinds(catalog, "d1") == ["registered", "requested", "judged"]


def test_what_is_undone_leaves_no_event(catalog, monkeypatch):
    catalog.register_uploads([upload("d1")], NOON)

    def fail(*_arguments):
        raise CatalogError("away")

    monkeypatch.setattr(verdict_writes, "_notify_change", fail)
    with pytest.raises(CatalogError):
        catalog.record_verdict(READY, NOON)

    assert _kinds(catalog, "d1") == ["registered"]


def test_every_kind_is_told_by_something(catalog):
    """Those of the tests above; the first try of a plan is one too many here."""
    test_bytes_that_change_and_come_back_are_told_of_both(catalog)
    test_an_upload_through_the_service_is_told_from_its_announcement(catalog)
    catalog.register_uploads([upload("x")], NOON)
    catalog.record_verdict(replace(READY, dataset_id="x", content_version="bytes-of-x"), NOON)
    catalog.mark_plans_requested([catalog.get("x")], "plan", NOON)
    catalog.begin_try("plan", "x", "run-1")
    catalog.spend_try("plan", "x", "run-1", "killed", replace(PATIENCE, max_attempts=1), NOON)

    told = {row.kind for row in _events(catalog)} | set(LIFE)
    assert told == set(EVENT_KINDS)


def test_an_older_catalog_tells_what_its_rows_still_say(url):
    with Catalog.open(url) as catalog:
        catalog.register_uploads([upload("d1", path=PATH)], NOON)
        catalog.record_verdict(READY, LATER)
        catalog.register_uploads([upload("d2", path=PATH)], MUCH_LATER)
        catalog.soft_delete("d2", "ann", MUCH_LATER)
        with catalog._writing() as connection:
            connection.execute(delete(dataset_events))
            for told in revision._TOLD:
                connection.execute(text(revision._INTO + told))

        assert _kinds(catalog, "d1") == ["registered", "judged", "superseded"]
        assert _kinds(catalog, "d2") == ["registered", "deleted"]
        [judged] = [row for row in _events(catalog) if row.kind == "judged"]
        assert (judged.created_at, judged.total_tokens) == (LATER, READY.total_tokens)
