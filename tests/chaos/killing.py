"""Kills parts of an installation at random moments."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests.chaos.system import PARTS, Part, System

_PATIENCE_S = 60.0  # runs come and go
_POLL_S = 0.2  # a look goes through all processes


def kill_at_random(
    system: System,
    kills: int,
    seed: int,
    pause_s: float,
    between: Callable[[int], None] = lambda _: None,
    parts: Sequence[Part] = PARTS,
) -> Counter[Part]:
    """SIGKILL one part after another; returns how often each was killed.

    pause_s: on average between two kills. between: called after each kill with how many there were.
    """
    rng = random.Random(seed)
    killed: Counter[Part] = Counter()
    turns: list[Part] = []
    while killed.total() < kills:
        time.sleep(rng.uniform(0, 2 * pause_s))
        turns = turns or rng.sample(parts, len(parts))  # each once, then each once again, in another order
        part = turns.pop()
        pids = _find(system, part)
        if not pids:  # no run now, say: another part's turn
            continue
        system.kill(rng.choice(pids))
        killed[part] += 1
        between(killed.total())
    return killed


def _find(system: System, part: Part) -> list[int]:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not (pids := system.find(part)) and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
    return pids
