"""`python -m tests.chaos.training_worker FOLDER`: forks that start, watch and close trainings, one for each line read.

The same calls in the same order, with the real catalog, lake and launcher; the trainer is a stub of a few lines.
"""

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from pipeline.clock import utc_now
from pipeline.flow.closing import close
from pipeline.flow.trainings import Trainings
from pipeline.launchers.local import LocalLauncher
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import LocalLake
from tests.launchers.stub import write_stub

SIDE_BY_SIDE = 3


@contextmanager
def opened_trainings(folder: Path):
    """The trainings of a folder, and its lake."""
    settings = load_settings(data_dir=folder / "data", local_trainings=SIDE_BY_SIDE)

    def fetch(_job: str, _trainer: str, place: Path) -> None:
        write_stub(place, steps=25, pause_s=0.02)

    here = LocalLauncher(
        folder / "trainings", Path(sys.executable), folder / "models", fetch, {"PATH": os.environ["PATH"]}
    )
    with Catalog.open(f"sqlite:///{folder / 'catalog.db'}") as catalog:
        yield Trainings(catalog, settings, {"local": here}), LocalLake(folder / "lake")


def work(trainings: Trainings, lake: LocalLake) -> None:
    """Once what a tick and the runs that it asks for do."""
    trainings.start_all(utc_now())
    trainings.watch(utc_now())
    for attempt in trainings.catalog.unclosed_attempts(10):
        if close(trainings, lake, attempt.id, utc_now()):
            trainings.catalog.note_closed(attempt.id, utc_now())


def main() -> None:
    """Fork, and print the fork's process id; a fork works until it is killed."""
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            with opened_trainings(Path(sys.argv[1])) as (trainings, lake):
                while True:
                    work(trainings, lake)
                    time.sleep(0.005)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
