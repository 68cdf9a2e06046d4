"""Trainings under way while parts of an installation are killed: the trainer is a stub, all around it is real."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pipeline.clock import utc_now
from pipeline.errors import PipelineError
from pipeline.flow.trainings import Wish, ask
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.catalog import Catalog
from tests.chaos.places import Places
from tests.launchers.stub import stub_python

_STEPS, _STEP_S = 40, 0.25
_POLL_S = 0.5


def with_stub_trainer(places: Places, folder: Path, side_by_side: int) -> Places:
    """An installation whose trainers' Python runs the stub where a job's script is meant."""
    python = stub_python(folder / "trainers", steps=_STEPS, pause_s=_STEP_S)
    return places.with_variables(LORA_TRAINER_PYTHON=str(python), LORA_LOCAL_TRAININGS=str(side_by_side))


class Asking:
    """Asks for trainings of the first jobs that are planned, beside whoever kills."""

    def __init__(self, places: Places, count: int) -> None:
        self._places = places
        self._count = count
        self.asked: list[str] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def waiting(self) -> list[str]:
        """What is still to be asked for, or to end."""
        if len(self.asked) < self._count:
            return [f"{self._count - len(self.asked)} trainings wait for a job"]
        with Catalog.open(self._places.settings.catalog_url) as catalog:
            return [f"training {each.id}: {each.state}" for each in self._attempts(catalog) if each.closed_at is None]

    def judge(self) -> Iterator[str]:
        """What is not as it must be: each was trained once, to its end, and is told and kept whole."""
        with Catalog.open(self._places.settings.catalog_url) as catalog:
            attempts = self._attempts(catalog)
            if len(attempts) != self._count:
                yield f"{len(attempts)} attempts of {self._count} trainings"
            for attempt in attempts:
                yield from self._judge(catalog, attempt)

    def _judge(self, catalog: Catalog, attempt: Attempt) -> Iterator[str]:
        place = self._places.settings.trainings / attempt.id
        if attempt.state != "completed":
            yield f"{attempt.id} is {attempt.state}: {attempt.reason}"
            return
        started = (place / "job" / attempt.trainer / "started").read_text("utf-8").split()
        if len(started) != 1:
            yield f"{attempt.id} was trained {len(started)} times"
        journal = map(json.loads, (place / "journal.jsonl").read_text("utf-8").splitlines())
        told = {line["step"]: line["values"]["loss"] for line in journal if line["kind"] == "metrics"}
        known = {point.step: point.value for _, point in catalog.points_of(attempt.id) if point.name == "loss"}
        if known != told or len(told) != _STEPS:
            yield f"{attempt.id} has {len(known)} figures of {len(told)} that were told, of {_STEPS} steps"
        if "model/adapter_model.safetensors" not in catalog.get_model(attempt.id).files:
            yield f"{attempt.id} left no model"
        costs = [each for each in catalog.costs_of([attempt.job_id])[attempt.job_id] if each.kind == "actual"]
        if len(costs) != 1:
            yield f"{attempt.id} has {len(costs)} costs"

    def _attempts(self, catalog: Catalog) -> list[Attempt]:
        found = catalog.attempts_of(self.asked)
        return [attempt for job_id in self.asked for attempt in found[job_id]]

    def _run(self) -> None:
        while len(self.asked) < self._count and not self._is_over.wait(_POLL_S):
            try:
                with Catalog.open(self._places.settings.catalog_url) as catalog:
                    jobs = [each for each in catalog.list_jobs(None, limit=1_000).items if each.id not in self.asked]
                    for job in jobs[: self._count - len(self.asked)]:
                        ask(catalog, self._places.settings, job.user_id, Wish(job.id), utc_now())
                        self.asked.append(job.id)
            except PipelineError:  # the catalog is away just now
                time.sleep(_POLL_S)
