"""With a queue of events the store is listed at first, and where something may have been missed; else never."""

from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.flow.arrivals import AWAY_AFTER, notice
from pipeline.flow.scan import Cursor
from pipeline.state.catalog.catalog import Catalog
from tests.installation import valid_file
from tests.moto_server import moto_url, uploads_told

__all__ = ["moto_url", "uploads_told"]


@pytest.fixture
def look(uploads_told, tmp_path):
    settings = uploads_told.settings(data_dir=tmp_path / "data", tick_max_uploads=2)
    catalog = Catalog.open(settings.catalog_url)
    catalog.remember_mark("store", "known")  # else the mark is put into the store, which tells of it, too

    def looked(cursor, last_look=None):
        return notice(uploads_told.store, catalog, settings, cursor, utc_now(), last_look)

    return looked


def _forget(told):
    """Messages get lost."""
    while messages := told.queue.receive():
        told.queue.remove(messages)


def test_what_lay_there_before_is_listed_once_round_and_the_rest_is_told(uploads_told, look):
    for number in range(3):
        uploads_told.drop(f"uploads/ana/{number}.jsonl", valid_file(1, seed=number))
    _forget(uploads_told)

    first = look(Cursor())
    second = look(first.cursor)
    uploads_told.drop("uploads/ana/lost.jsonl", valid_file(1, seed=8))
    _forget(uploads_told)
    uploads_told.drop("uploads/ana/new.jsonl", valid_file(1, seed=9))
    third = look(second.cursor, utc_now())

    assert [len(each.registered) for each in (first, second, third)] == [2, 1, 1]
    assert (first.cursor.listed_for, second.cursor.listed_for) == ("", uploads_told.settings().events)
    assert "; listed, for something may have been missed: " in second.told
    assert third.told == f"1 message of uploads, none new; 0 that nobody can read left in {uploads_told.name}"
    assert third.cursor == second.cursor


def test_after_a_long_absence_or_for_another_queue_it_is_listed_again(uploads_told, look):
    listed = look(Cursor()).cursor
    uploads_told.drop("uploads/ana/lost.jsonl", valid_file(1))
    _forget(uploads_told)

    assert look(listed, utc_now()).registered == ()
    assert len(look(listed, utc_now() - AWAY_AFTER - timedelta(minutes=1)).registered) == 1
    uploads_told.drop("uploads/ana/lost again.jsonl", valid_file(2))
    _forget(uploads_told)
    assert len(look(Cursor(listed_for="sqs://us-east-1/123456789012/before")).registered) == 1


def test_while_events_fill_a_tick_nothing_is_listed(uploads_told, look):
    """What is told of is new; the round goes on when there is room."""
    for number in range(2):
        uploads_told.drop(f"uploads/ana/{number}.jsonl", valid_file(1, seed=number))

    full = look(Cursor())

    assert (len(full.registered), full.cursor) == (2, Cursor())
