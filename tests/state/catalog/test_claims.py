"""Of several workers no two take the same, and on PostgreSQL none waits for another."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import psycopg2
import pytest

from pipeline.state.catalog.catalog import Catalog
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON, READY, upload

IDS = [f"d{number:02}" for number in range(40)]
WORKERS = 4


@pytest.fixture
def waiting(catalog):
    """Forty datasets that wait for their verdict."""
    catalog.register_uploads([upload(each) for each in IDS], NOON)
    return catalog


def _ready(catalog):
    """A verdict for each of them: a notification, and a plan that waits."""
    for each in IDS:
        catalog.record_verdict(replace(READY, dataset_id=each, content_version=f"bytes-of-{each}"), NOON)
    return catalog.unplanned(100, NOON)


def _at_once(url, work):
    """Have workers begin together, each with a catalog of its own; returns what each took."""
    begin = Barrier(WORKERS)

    def one(number):
        with Catalog.open(url) as catalog:
            begin.wait()
            return work(catalog, f"worker {number}")

    with ThreadPoolExecutor(WORKERS) as threads:
        return list(threads.map(one, range(WORKERS)))


def test_a_dataset_is_asked_for_by_one_of_several_sensors(waiting, url):
    taken = _at_once(url, lambda catalog, key: [(each, key) for each in catalog.mark_requested(IDS, key, LATER)])

    claims = [claim for worker in taken for claim in worker]
    assert sorted(claims) == [(each, waiting.get(each).request_key) for each in IDS]
    assert [waiting.get(each).asked for each in IDS] == [1] * len(IDS)


def test_a_plan_is_asked_for_by_one_of_several_sensors(waiting, url):
    ready = _ready(waiting)

    taken = _at_once(url, lambda catalog, key: catalog.mark_plans_requested(ready, key, LATER))

    left = waiting.mark_plans_requested(ready, "the rest", LATER)
    claims = [each for worker in [*taken, left] for each in worker]
    assert sorted(claims) == IDS
    assert waiting.unplanned(100, MUCH_LATER) == []


def test_a_notification_is_sent_by_one_of_several_services(waiting, url):
    _ready(waiting)
    due = waiting.undelivered(NOON - timedelta(days=1), LATER, 100)

    taken = _at_once(url, lambda catalog, _: [each.id for each in due if catalog.claim_delivery(each, MUCH_LATER)])

    claims = [each for worker in taken for each in worker]
    assert len(due) == len(IDS)
    assert sorted(claims) == sorted(each.id for each in due)


@contextmanager
def _held(url, sql):
    """Somebody changes rows, and takes their time; they let go before this ends."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        yield
        connection.rollback()  # a closed connection is told to the server, which lets go when it reads so


@pytest.mark.needs_postgres
def test_what_another_holds_is_passed_by_and_waited_for_by_nobody(emptied_postgres):
    """A wait would end with an error here, after a tenth of a second."""
    url = emptied_postgres()
    with Catalog.open(f"{url}?options=-c%20lock_timeout%3D100ms") as catalog:
        catalog.register_uploads([upload(each) for each in IDS], NOON)
        with _held(url, "UPDATE datasets SET description = 'x' WHERE id = 'd00'"):
            assert catalog.mark_requested(IDS, "key", LATER) == IDS[1:]
        assert [each.id for each in catalog.unrequested(10, LATER)] == ["d00"]
        ready = _ready(catalog)
        due = catalog.undelivered(NOON - timedelta(days=1), LATER, 100)
        with _held(url, "SELECT 1 FROM datasets WHERE id < 'd05' FOR UPDATE"):
            assert catalog.mark_plans_requested(ready, "key", LATER) == IDS[5:]
        with _held(url, f"UPDATE notifications SET read_at = now() WHERE id = {due[0].id}"):
            assert [catalog.claim_delivery(each, LATER) for each in due[:2]] == [False, True]
        assert catalog.claim_delivery(due[0], LATER)
