"""A tick that found nothing looks again until the next one is near, as often as a tenth of the time allows."""

from collections import Counter

import pytest

from pipeline.errors import CatalogError, StoreError
from pipeline.flow.arrivals import Arrivals, Patience, watch
from pipeline.flow.scan import Cursor


class _World:
    """A store whose looks last `look_s` and which has something from `arrives_s` on; its clock is its own."""

    def __init__(self, arrives_s, look_s=0.01):
        self.arrives_s, self.look_s = arrives_s, look_s
        self.now_s = 100.0
        self.asked = Counter()
        self.cursors = []

    def noticed(self, cursor):
        self.asked["store"] += 1
        self.now_s += self.look_s
        self.cursors.append(cursor)
        return Arrivals((), Cursor(f"key-{self.asked['store']}"), "nothing")

    def waiting(self):
        self.asked["catalog"] += 1
        return ["dataset"] if self.now_s - 100 >= self.arrives_s else []

    def watch(self, again_s=0.5, is_listing_free=True):
        patience = Patience(again_s, is_listing_free, self.sleep, lambda: self.now_s)
        return watch(self.noticed, self.waiting, Cursor("begin"), patience)

    def sleep(self, seconds):
        self.now_s += seconds


@pytest.mark.parametrize("arrives_s", [0, 0.3, 1.2, 3.4])
def test_what_arrives_while_it_looks_is_found_soon(arrives_s):
    world = _World(arrives_s)
    _, found = world.watch()
    assert found == ["dataset"]
    assert arrives_s <= world.now_s - 100 <= arrives_s + 0.6


def test_each_look_goes_on_where_the_last_one_stopped():
    world = _World(1.2)
    arrived, _ = world.watch()
    assert [each.resume_after for each in world.cursors] == ["begin", "key-1", "key-2", "key-3"]
    assert arrived.cursor == Cursor("key-4")


def test_it_ends_before_the_next_tick_begins():
    world = _World(60)
    _, found = world.watch()
    assert found == []
    assert 3 < world.now_s - 100 < 4.1
    assert world.asked["store"] == world.asked["catalog"] == 8


@pytest.mark.parametrize(("look_s", "looks"), [(0.1, 4), (0.3, 2), (0.5, 1), (30, 1)])
def test_looking_takes_a_tenth_of_the_time_at_most(look_s, looks):
    world = _World(60, look_s)
    world.watch()
    assert world.asked["store"] == looks


def test_a_store_that_bills_each_question_is_asked_once_and_the_catalog_again():
    world = _World(2.2)
    _, found = world.watch(is_listing_free=False)
    assert found == ["dataset"]
    assert world.asked["store"] == 1
    assert world.asked["catalog"] == 6


def test_without_patience_there_is_one_look():
    world = _World(60)
    assert world.watch(again_s=0)[1] == []
    assert world.asked == {"store": 1, "catalog": 1}


@pytest.mark.parametrize("error", [StoreError, CatalogError])
def test_an_outage_that_begins_while_it_looks_ends_the_tick(error):
    """As one that begins between two ticks does; the next one asks what does not answer, and says so in one line."""
    world = _World(60)
    noticed = world.noticed

    def away_at_the_third_look(cursor):
        if world.asked["store"] == 2:
            raise error("it does not answer")
        return noticed(cursor)

    world.noticed = away_at_the_third_look
    arrived, found = world.watch()

    assert (arrived.cursor, found) == (Cursor("key-2"), [])


def test_an_outage_at_the_first_look_is_raised():
    world = _World(60)

    def away(_cursor):
        raise StoreError("it does not answer")

    world.noticed = away
    with pytest.raises(StoreError, match="it does not answer"):
        world.watch()
