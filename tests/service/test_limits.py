"""A bucket for each name: full at the start, filled again with time."""

import pytest

from pipeline.errors import TooManyRequests
from pipeline.service.limits import Limiter


class Clock:
    """Stands until it is put forward."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def taken(limiter: Limiter, name: str, attempts: int) -> int:
    """How many of so many attempts are let through."""
    count = 0
    for _ in range(attempts):
        try:
            limiter.take(name)
        except TooManyRequests:
            continue
        count += 1
    return count


def test_as_many_as_a_minute_holds_come_at_once_and_then_one_after_another():
    clock = Clock()
    limiter = Limiter(60, clock)

    counts = []
    for later_s in (0, 1, 0.5, 0.5, 10_000):
        clock.now_s += later_s
        counts.append(taken(limiter, "ana", 100))

    assert counts == [60, 1, 0, 1, 60]


def test_one_name_takes_nothing_from_another():
    limiter = Limiter(5, Clock())

    assert [taken(limiter, name, 10) for name in ("ana", "bob", "ana")] == [5, 5, 0]


def test_it_says_when_to_come_back():
    limiter = Limiter(2, Clock())
    taken(limiter, "ana", 2)

    with pytest.raises(TooManyRequests) as raised:
        limiter.take("ana")

    assert str(raised.value) == "expected at most 2 requests a minute, found more: try again in 30 s"
    assert raised.value.retry_after_s == 30


def test_many_names_are_forgotten_and_those_with_nothing_left_are_not(monkeypatch):
    monkeypatch.setattr("pipeline.service.limits._MAX_BUCKETS", 10)
    clock = Clock()
    limiter = Limiter(2, clock)
    taken(limiter, "ana", 2)
    for number in range(8):
        limiter.take(f"user {number}")
    clock.now_s = 31  # all but ana's are full again

    for number in range(100, 105):
        limiter.take(f"user {number}")

    assert taken(limiter, "ana", 5) == 1
