"""Asking many at once, simulated on a clock of its own: a storm costs time, no request, and few calls."""

import heapq
import threading
from collections.abc import Callable

from pipeline.llm.account_limits import Limiter, Limiters
from pipeline.llm.llm_errors import KeyRefused, Overloaded, RateLimited, Unanswered, Unreachable


class Asking:
    """So many items, each asked until it is answered; an answer takes two seconds, a complaint a tenth of one."""

    def __init__(self, items: int, most: int, answer: Callable[[float, int], Exception | None]) -> None:
        self.now = 0.0
        self.limiter = Limiter(most, lambda: self.now)
        self.calls: list[float] = []
        self.answered: list[float] = []
        self.most_under_way = 0
        under_way = []
        while len(self.answered) < items:
            while items - len(self.answered) - len(under_way) > 0 and (turn := self.limiter.begin()):
                self.calls.append(self.now)
                error = answer(self.now, len(under_way) + 1)
                heapq.heappush(under_way, (self.now + (0.1 if error else 2), len(self.calls), turn, error))
            self.most_under_way = max(self.most_under_way, len(under_way))
            if not under_way:
                self.now += self.limiter.pause_s()
                continue
            ends_at, _, turn, error = heapq.heappop(under_way)
            self.now = ends_at
            self.limiter.end(turn, error)
            if error is None:
                self.answered.append(self.now)

    def calls_between(self, start: float, end: float) -> int:
        return sum(start <= at < end for at in self.calls)


def storm(told_s: float | None) -> Callable[[float, int], Exception | None]:
    """Ten minutes, from the 20th second on."""
    return lambda now, under_way: RateLimited("", told_s) if 20 <= now < 620 else None


def test_a_storm_of_ten_minutes_loses_nothing_and_is_over_within_one_wait():
    asking = Asking(500, most=16, answer=storm(30.0))

    assert len(asking.answered) == 500
    assert asking.calls_between(20, 620) <= 16 + 20
    assert asking.calls_between(620, 650) > 0
    assert min(at for at in asking.answered if at > 622) <= 652


def test_a_storm_without_a_word_of_how_long_is_asked_a_few_times():
    """After 1, 2, 4, … s, and once a minute in the end."""
    asking = Asking(500, most=16, answer=storm(None))

    assert asking.calls_between(20, 620) <= 16 + 16
    assert min(at for at in asking.answered if at > 622) <= 682


def test_it_asks_as_much_at_once_as_is_taken():
    """Of an account that takes eight, a tenth of the calls is a complaint, and it takes a third longer than it must."""
    asking = Asking(2_000, most=64, answer=lambda now, under_way: RateLimited("", 1.0) if under_way > 8 else None)

    assert asking.most_under_way == 9
    assert len(asking.calls) < 2_200
    assert asking.answered[-1] < 2_000 * 2 / 8 * 1.35


def test_without_complaints_it_asks_the_most_that_may_be():
    asking = Asking(300, most=8, answer=lambda now, under_way: None)

    assert (asking.most_under_way, len(asking.calls)) == (8, 300)


def test_a_provider_that_is_away_is_tried_alone():
    """Three failures in a row are no accident; one is."""
    away = Asking(100, most=8, answer=lambda now, under_way: Unreachable("") if 10 <= now < 310 else None)
    flaky = Asking(100, most=8, answer=lambda now, under_way: Unanswered("") if int(now) == 10 else None)

    assert away.calls_between(10, 310) <= 8 + 12
    assert flaky.answered[-1] < 60


def test_waiting_is_never_shorter_than_the_provider_says():
    now = 100.0
    limiter = Limiter(4, lambda: now)
    first, second = limiter.begin(), limiter.begin()
    limiter.end(first, RateLimited("", 50.0))
    limiter.end(second, Overloaded("", 5.0))

    assert limiter.pause_s() == 50.0
    now = 149.9
    assert limiter.begin() is None
    now = 150.0
    assert limiter.begin() is not None
    assert limiter.begin() is None  # it tries alone


def test_an_error_that_says_nothing_about_how_much_changes_nothing():
    limiter = Limiter(2, lambda: 0.0)
    for _ in range(5):
        limiter.end(limiter.begin(), KeyRefused(""))

    assert (limiter.pause_s(), limiter.begin() is None) == (0.0, False)


def test_whoever_waits_gets_the_turn_that_is_given_back():
    limiter = Limiter(1, lambda: 0.0)
    held = limiter.begin()
    got = []
    waiting = threading.Thread(target=lambda: got.append(limiter.wait(until=30.0)))
    waiting.start()

    limiter.end(held)

    waiting.join(30)
    assert got[0] is not None
    assert limiter.wait(until=0.0) is None


def test_each_account_and_model_has_a_limiter_of_its_own():
    limiters = Limiters(4, lambda: 0.0)

    assert limiters.of("anthropic", "a") is limiters.of("anthropic", "a")
    assert limiters.of("anthropic", "a") is not limiters.of("anthropic", "b")
