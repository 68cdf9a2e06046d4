"""How many requests may be under way with an account and model at once, and when the next one may begin.

More by one for each round of answers, half of it after a complaint, as networks do it. After a complaint, or failures
in a row, nothing begins for as long as the provider says, or for longer each time; then one request tries alone, and
only an answer lets others follow: a provider that is out of order for ten minutes is asked a few times, not thousands.

It waits for nobody and asks nobody: whoever asks models calls `begin` and `end`. What is lost in between is theirs.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.llm.llm_errors import Overloaded, RateLimited, Unanswered, Unreachable

_FIRST = 4
_FAILURES = 3  # in a row: a single one is a connection's
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that is under way;"""

    began_at: float
    """By the limiter's clock."""


class Limiter:
    """Of one account and model. most: requests at once. now: seconds of a clock that does not go back."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._changed = threading.Condition()
        self._at_once = float(min(most, _FIRST))
        self._under_way = 0
        self._failures = 0
        self._pauses = 0  # in a row, without an answer between them
        self._paused_at = -1.0
        self._not_before = 0.0

    def begin(self) -> Turn | None:
        """Take a turn, if there is one now; `end` gives it back."""
        with self._changed:
            at_once = 1 if self._pauses else int(self._at_once)
            now = self._now()
            if self._under_way >= at_once or now < self._not_before:
                return None
            self._under_way += 1
            return Turn(now)

    def wait(self, until: float, longest_pause_s: float = math.inf) -> Turn | None:
        """Wait for a turn; None where there is none up to that second of the clock, or for longer than that."""
        with self._changed:  # which is taken again by `begin`
            while (turn := self.begin()) is None:
                if (rest_s := until - self._now()) <= 0 or self.pause_s() > longest_pause_s:
                    return None
                self._changed.wait(min(rest_s, self.pause_s() or rest_s))
            return turn

    def pause_s(self) -> float:
        """How long nothing begins, whatever ends."""
        return max(0.0, self._not_before - self._now())

    def end(self, turn: Turn, error: Exception | None = None) -> None:
        """Tell what came of a turn. An error of another kind than these says nothing about how much may be asked."""
        with self._changed:
            self._under_way -= 1
            if error is None:
                self._answered()
            elif isinstance(error, RateLimited | Overloaded):
                self._pause(turn, error.retry_after_s)
            elif isinstance(error, Unanswered | Unreachable):
                self._failures += 1
                if self._failures >= _FAILURES or self._pauses:
                    self._pause(turn, None)
            self._changed.notify_all()

    def _answered(self) -> None:
        self._failures = self._pauses = 0
        self._at_once = min(float(self._most), self._at_once + 1 / self._at_once)

    def _pause(self, turn: Turn, least_s: float | None) -> None:
        """Requests that began before a pause complain of the same; they make it longer, not another one."""
        if turn.began_at >= self._paused_at:
            if not self._pauses:
                self._at_once = max(1.0, self._at_once / 2)
            self._pauses += 1
            self._paused_at = self._now()
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(self._pauses - 1, 10))
        if least_s is not None:
            pause_s = max(_FIRST_PAUSE_S, least_s)
        self._not_before = max(self._not_before, self._now() + pause_s)


class Limiters:
    """One limiter for each account and model."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._lock = threading.Lock()
        self._of: dict[tuple[str, str], Limiter] = {}

    def of(self, account: str, model: str) -> Limiter:
        """The limiter of an account and model, always the same one."""
        with self._lock:
            return self._of.setdefault((account, model), Limiter(self._most, self._now))
