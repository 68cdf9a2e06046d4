"""What becomes of datasets whose run is over without an outcome."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.flow.retries import FAILED_AFTER_REQUESTS, LOST_AFTER, Fate, patience_of, settle
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import LATER, NOON, READY, upload

IDS = ("a", "b", "c")


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(f"sqlite:///{tmp_path}/catalog.db") as opened:
        opened.register_uploads([upload(each) for each in IDS], NOON)
        opened.mark_requested(IDS, "key", NOON)
        yield opened


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path)


def _settle(catalog, settings, fate, now=NOON):
    return settle(catalog, "validation", catalog.open_requests("validation"), {"key": fate}, settings, now)


def _waiting(catalog, now):
    return [each.id for each in catalog.unrequested(10, now)]


def test_a_living_run_is_waited_for(catalog, settings):
    settled = _settle(catalog, settings, Fate("living", "run"), LATER)

    assert (settled.released, settled.crashed, _waiting(catalog, LATER)) == ((), (), [])


def test_what_dagster_never_took_is_asked_for_again_after_a_while(catalog, settings):
    """The tick that noted the request may still be handing it over."""
    early = _settle(catalog, settings, Fate("lost"), NOON + LOST_AFTER)
    late = _settle(catalog, settings, Fate("lost"), NOON + LOST_AFTER + timedelta(seconds=1))

    assert (early.released, late.released) == ((), IDS)
    assert _waiting(catalog, LATER) == list(IDS)


def test_only_the_dataset_at_which_the_process_died_loses_an_attempt(catalog, settings):
    """What was decided before stays so, and what came after it is asked for again at once."""
    catalog.begin_try("validation", "a", "run")
    catalog.record_verdict(replace(READY, dataset_id="a", content_version="bytes-of-a"), NOON)
    catalog.begin_try("validation", "b", "run")

    settled = _settle(catalog, settings, Fate("died", "run", "its process is gone"))

    b = catalog.get("b")
    assert (settled.crashed, settled.released, settled.died) == (("b",), ("c",), {"run": "its process is gone"})
    assert (b.attempt, b.crashes, b.retry_at) == (1, 1, NOON + timedelta(minutes=1))
    assert b.failure == "the run's process ended while it was at work on it: its process is gone"
    assert (catalog.get("c").attempt, _waiting(catalog, NOON)) == (0, ["c"])


def test_a_run_that_ended_by_itself_costs_nobody_an_attempt(catalog, settings):
    """It noted the outcomes that there were; the rest was an outage. Its sentence is what people read."""
    catalog.begin_try("validation", "a", "run")

    settled = _settle(catalog, settings, Fate("ended", "run", "stopped: the lake is gone"))

    assert (settled.released, settled.crashed) == (IDS, ())
    assert {(each.attempt, each.failure) for each in map(catalog.get, IDS)} == {(0, "stopped: the lake is gone")}
    assert _waiting(catalog, NOON) == list(IDS)


def test_runs_that_never_begin_are_asked_for_ever_more_slowly_and_in_the_end_said_to_fail(catalog, settings):
    """No attempt is spent on a service that does not start; once it does, the next run decides."""
    now, pauses_s = NOON, []
    for _ in range(FAILED_AFTER_REQUESTS):
        _settle(catalog, settings, Fate("died", "run", "no module named x"), now)
        due_at = catalog.get("a").retry_at or now
        pauses_s.append((due_at - now).total_seconds())
        now = due_at
        last = catalog.get("a")
        catalog.mark_requested(IDS, "key", now)

    assert pauses_s == [0, 5, 15, 30, 60, 60]
    assert (last.status, last.attempt, last.failure) == ("failed", 0, "no module named x")


def test_the_pauses_of_an_installation_grow_and_the_last_one_repeats(settings):
    pauses_s = [patience_of(settings).pause(attempt).total_seconds() for attempt in (1, 2, 3, 4, 5, 100)]

    assert pauses_s == [60, 300, 1800, 3600, 3600, 3600]
