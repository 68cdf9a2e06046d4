"""An installation whose trainings a fake provider does: asked for, started, watched and closed as runs and ticks do it.

Each round has launchers of its own, as each tick has, so that nothing is known but what lies on disks.
"""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.catalogues.reading import load_token_prices
from pipeline.errors import ServiceError
from pipeline.flow.closing import close
from pipeline.flow.launching import agreed, fetch_trainer_files
from pipeline.flow.trainings import Trainings, Wish, ask
from pipeline.launchers.hosted.hosted_launcher import HostedLauncher
from pipeline.launchers.hosted.openai_provider import OpenAiProvider
from pipeline.launchers.hosted.together_provider import TogetherProvider
from pipeline.settings import load_settings
from pipeline.state.catalog.statuses import ENDED_STATES
from pipeline.training.considering import consider
from tests.launchers.hosted.fakes import Killed, OpenAi, Provider, Time, Together
from tests.state.catalog.examples import NOON
from tests.state.lake.examples import conversation, jsonl
from tests.training.examples import CATALOGUES
from tests.training.installed import SETUP, installed

ROUND_S = 40
TALK = jsonl(*(conversation(f"c{n}", f"What is {n} times seven?", f"It is {7 * n}.") for n in range(60)))
KINDS = {"openai": (OpenAi, OpenAiProvider), "together": (Together, TogetherProvider)}
PRICED = replace(CATALOGUES, token_prices=load_token_prices(Path("none.toml")))


class HostedTrainings:
    """A job for one provider, and all that trains it."""

    def __init__(self, installation, folder: Path, trainer: str, **settings: object) -> None:
        self.catalog, self.lake, self.trainer, self.folder = installation.catalog, installation.lake, trainer, folder
        installation.ready(TALK)
        prepared = installation.prepared()
        considered = consider(prepared.facts, replace(SETUP, targets=(trainer,)), PRICED)
        self.job = installation.maker.make(prepared, considered, "person", NOON)
        self.settings = load_settings(data_dir=folder / "data", **settings)
        self.time = Time(NOON.timestamp())
        self.renew()

    def renew(self) -> None:
        """Another provider that knows nothing, and nothing under way."""
        for attempt in [*self.catalog.attempts_to_watch(), *self.catalog.unclosed_attempts(10)]:
            self.catalog.move_attempt(attempt.id, "cancelled", "test", self.now)
            self.catalog.note_closed(attempt.id, self.now)
        self.closes = True
        self.fake: Provider = KINDS[self.trainer][0](self.time)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    @property
    def launcher(self) -> HostedLauncher:
        provider = KINDS[self.trainer][1](self.fake.key, self.fake.transport)

        def fetch(job_id: str, trainer: str, place: Path) -> None:
            fetch_trainer_files(self.lake, job_id, trainer, place)

        return HostedLauncher(
            self.settings.trainings,
            {self.trainer: provider},
            fetch,
            lambda job, trainer: agreed(self.settings, job, trainer),
            self.time,
        )

    @property
    def trainings(self) -> Trainings:
        return Trainings(self.catalog, self.settings, {"hosted": self.launcher})

    def ask(self, **wish: object):
        return ask(self.catalog, self.settings, "ann", Wish(self.job.id, "hosted", **wish), self.now)

    def attempt(self, attempt_id: str):
        return self.catalog.get_attempt(attempt_id)

    def step(self) -> list[str]:
        """What a tick does and the runs that it asks for; whoever does it may be killed."""
        said = []
        try:
            said += self.trainings.start_all(self.now)
            said += self.trainings.watch(self.now)
            for attempt in self.catalog.unclosed_attempts(10) if self.closes else ():
                if close(self.trainings, self.lake, attempt.id, self.now):
                    self.catalog.note_closed(attempt.id, self.now)
        except Killed:
            said.append("killed")
        except ServiceError as error:  # a run that closes fails, and is asked for again
            said.append(str(error))
        self.time.now_s += ROUND_S
        return said

    def until(self, is_there, most: int = 60) -> list[str]:
        """Rounds until something is so; what was said in them."""
        said = []
        for _ in range(most):
            if is_there():
                return said
            said += self.step()
        return pytest.fail("\n".join(said[-20:]))

    def until_closed(self, attempt_id: str) -> list[str]:
        return self.until(lambda: self.attempt(attempt_id).closed_at is not None)

    def until_ended(self, attempt_id: str) -> None:
        """Up to its end, before anything of it is kept."""
        self.closes = False
        self.until(lambda: self.attempt(attempt_id).state in ENDED_STATES)
        self.closes = True

    def cost_of(self, attempt_id: str):
        costs = self.catalog.costs_of([self.job.id])[self.job.id]
        return next((each for each in costs if each.attempt_id == attempt_id), None)

    def jobs_of(self, attempt_id: str) -> int:
        """How many jobs were ever created for an attempt."""
        return len(self.launcher._provider(self.attempt(attempt_id)).jobs_of(attempt_id))

    def wait(self, seconds: float) -> None:
        self.time.now_s += timedelta(seconds=seconds).total_seconds()


@contextmanager
def hosted_trainings(folder: Path, trainer: str, **settings: object):
    with installed(folder) as installation:
        yield HostedTrainings(installation, folder, trainer, **settings)
