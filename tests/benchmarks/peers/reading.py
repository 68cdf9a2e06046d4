"""What the programs of this folder share: the conversations of a file as texts, and the processor time of a step."""

import json
import resource
from collections.abc import Callable, Iterator
from pathlib import Path


def texts_of(path: Path) -> Iterator[str]:
    """The turns of each conversation, a line each."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield "\n".join(turn["content"] for turn in json.loads(line)["turns"])


def timed(step: Callable[[], int]) -> tuple[int, float]:
    """What a step returns, and its processor seconds, with those of processes that it started and that have ended."""
    before_s = _cpu_s()
    return step(), _cpu_s() - before_s


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
