"""`python -m tests.chaos.generation_worker FOLDER SETTING`: forks that make conversations, one for each line read.

The same calls in the same order as sensor and runs, with the real catalog, lake and wires; the provider is a fake of
the test. Its clock runs 300 times as fast as ours, so that waiting for a provider's list is over in seconds.
"""

import os
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.errors import ServiceError
from pipeline.flow.generation.steps import advance, look_at_all
from tests.flow.generation.places import Place
from tests.state.catalog.examples import NOON

SPEED = 300
MODELS = ("gpt-6.1-terra", "gpt-6-luna")


class FastClock:
    """began_s: of `time.time`, when it was noon."""

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=(time.time() - self.began_s) * SPEED)


def work(place: Place) -> None:
    """Once what a tick and the runs that it asks for do."""
    for batch_id in look_at_all(place.making, place.clock()).due:
        with suppress(ServiceError):
            advance(place.making, batch_id)


def main() -> None:
    """Fork, and print the fork's process id; a fork works until it is killed."""
    folder, setting, began_s = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            place = Place(folder, setting, MODELS, FastClock(began_s)).open()
            while True:
                work(place)
                time.sleep(0.005)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
