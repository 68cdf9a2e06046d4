"""An outage is told once, however many look, and so is its end."""

from datetime import timedelta

import pytest

from pipeline.flow.health import Part
from pipeline.flow.operators import Operators
from pipeline.flow.outages import LOOK_EVERY_S, Watch
from tests.state.catalog.examples import NOON


class World:
    """What is away, and a clock."""

    def __init__(self, folder):
        self.folder, self.away, self.seconds, self.asked = folder, {}, 0.0, 0
        self.told = []

    def ask(self):
        self.asked += 1
        return tuple(Part(name, self.away.get(name)) for name in ("store", "catalog", "lake"))

    def watch(self):
        return Watch(
            self.ask,
            self.folder / "outages.json",
            self,
            lambda: NOON + timedelta(seconds=self.seconds),
            clock=lambda: self.seconds,
            sleep=self.wait,
        )

    def wait(self, seconds):
        self.seconds += seconds

    def tell(self, occasions, kind, title, message, now):
        self.told.append((*occasions, kind, title))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_while_all_answer_nothing_is_written_and_one_look_serves_for_seconds(world):
    watch = world.watch()

    assert [watch.reason() for _ in range(5)] == [""] * 5
    assert world.asked == 1
    assert list(world.folder.iterdir()) == []
    world.wait(LOOK_EVERY_S)
    watch.reason()
    assert world.asked == 2


def test_an_outage_and_its_end_are_told_once_by_all_together(world):
    """Also by a process that was started in the middle of it, which knows since when."""
    watches = [world.watch(), world.watch()]
    world.away = {"lake": "cannot reach s3://lake"}
    reasons = {watch.reason() for watch in watches}
    world.wait(60)
    late = world.watch().reason()
    world.away = {}
    world.wait(60)
    after = {watch.reason() for watch in [*watches, world.watch()]}

    assert reasons == {"the lake does not answer since 2026-03-01 12:00:00 UTC: cannot reach s3://lake"}
    assert (late, after) == (reasons.pop(), {""})
    since = (NOON + timedelta(seconds=0.5)).isoformat()
    assert world.told == [
        (f"outage-lake-{since}", "outage", "The lake does not answer"),
        (f"outage-lake-{since}-over", "outage_over", "The lake answers again"),
    ]


def test_each_part_is_an_outage_of_its_own_and_each_time_another(world):
    watch = world.watch()
    for away in ({"store": "x"}, {"store": "x", "catalog": "y"}, {"catalog": "y"}, {}, {"store": "x"}):
        world.away = away
        world.wait(LOOK_EVERY_S)
        watch.reason()

    assert [(kind, title) for _, kind, title in world.told] == [
        ("outage", "The store does not answer"),
        ("outage", "The catalog does not answer"),
        ("outage_over", "The store answers again"),
        ("outage_over", "The catalog answers again"),
        ("outage", "The store does not answer"),
    ]
    assert len({occasion for occasion, _, _ in world.told}) == 5


def test_one_answer_that_got_lost_is_no_outage(world):
    answers = iter([(Part("lake", "a moment"),), (Part("lake", None),)])
    watch = world.watch()
    watch.ask = lambda: next(answers)

    assert (watch.reason(), world.told) == ("", [])


def test_a_part_that_hangs_is_told_before_a_short_outage_is_over(world):
    """The first question takes its whole limit; a second one would be answered after 20 seconds of outage."""
    watch = world.watch()

    def ask():
        is_hanging = world.seconds < 20
        world.wait(8 if is_hanging else 0)
        return (Part("catalog", "has not answered for 8 s" if is_hanging else None),)

    watch.ask = ask

    assert watch.reason().endswith("has not answered for 8 s")
    assert [kind for _, kind, _ in world.told] == ["outage"]


@pytest.mark.parametrize("content", ["", "[]", '{"lake": 3}'])
def test_a_memory_that_cannot_be_read_costs_no_pause(world, content):
    (world.folder / "outages.json").write_text(content)
    world.away = {"lake": "gone"}

    assert world.watch().reason().endswith("UTC: gone")
    assert Operators(world.folder / "operators.json").untold(["x"]) == ["x"]
