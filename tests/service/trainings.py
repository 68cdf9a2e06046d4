"""Trainings for tests of the service: a job of a dataset that is ready, attempts at it, and what they told."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.state.catalog.attempt_records import Attempt, Evaluation, NewAttempt, NewModel, Told
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.job_records import MetricsPoint
from pipeline.state.catalog.statuses import LauncherName

TOTAL_STEPS = 600


@dataclass
class Trainings:
    """Moves attempts at a job by the catalog, as whoever watches them does."""

    catalog: Catalog
    job_id: str
    user_id: str

    def opened(self, now: datetime, launcher: LauncherName = "local", **values: object) -> Attempt:
        """An attempt that is queued."""
        new = NewAttempt(self.job_id, launcher, "trl", self.user_id, **values)
        return self.catalog.open_attempt(new, self.user_id, now)

    def running(self, now: datetime, step: int = 0, launcher: LauncherName = "local", **values: object) -> Attempt:
        """One that trains, and told its figures up to a step."""
        attempt = self.opened(now, launcher, **values)
        self.catalog.move_attempt(attempt.id, "preparing", "start", now)
        self.catalog.note_submitted(attempt.id, attempt.id, now)
        self.catalog.move_attempt(attempt.id, "running", "watch", now + timedelta(seconds=20))
        return self.told(attempt.id, now, step)

    def told(self, attempt_id: str, now: datetime, step: int) -> Attempt:
        """More of its figures: up to a step, of which each took two seconds."""
        attempt = self.catalog.get_attempt(attempt_id)
        points = tuple(point for at in range((attempt.step or 0) + 1, step + 1) for point in points_at(at, now))
        log = "\n".join(f"{{'loss': {loss_at(at):.4f}, 'epoch': {at / 200:.2f}}}" for at in range(step - 12, step + 1))
        offset = attempt.journal_offset
        told = Told(
            offset + 1, points, at=now, step=step or None, total_steps=TOTAL_STEPS, epoch=step / 200, log_tail=log
        )
        return self.catalog.take_journal(attempt_id, offset, told, now)

    def kept(self, attempt_id: str, now: datetime, files_uri: str = "/lake", files: dict | None = None) -> str:
        """The model of one that is completed now; returns its id."""
        self.catalog.move_attempt(attempt_id, "completed", "training", now)
        evaluations = [
            Evaluation(moment, name, value, 60, "the trainer")
            for name, before, after in (("eval_loss", 2.31, 0.94), ("perplexity", 10.07, 2.56))
            for moment, value in (("before", before), ("after", after))
        ]
        self.catalog.note_evaluations(attempt_id, evaluations, now)
        files = files or {"model/adapter_model.safetensors": {"size_bytes": 87_360_984, "sha256": "ab" * 32}}
        sizes = sum(int(each["size_bytes"]) for each in files.values())
        model = self.catalog.keep_model(NewModel(attempt_id, "adapter", files_uri, files, sizes, "cd" * 32), now)
        self.catalog.note_closed(attempt_id, now)
        return model.id


def loss_at(step: int) -> float:
    """It falls, with noise that is the same each time."""
    return 0.85 + 1.45 * math.exp(-step / 110) + 0.12 * math.sin(step * 12.9898) * math.exp(-step / 700)


def points_at(step: int, now: datetime) -> list[MetricsPoint]:
    """What a trainer tells at a step; the validation rows are evaluated at each fiftieth."""
    values = {
        "loss": loss_at(step),
        "learning_rate": 2e-4 * min(1, step / 30) * (0.5 + 0.5 * math.cos(math.pi * step / TOTAL_STEPS)),
        "grad_norm": 0.4 + 1.1 * math.exp(-step / 60) + 0.15 * abs(math.sin(step * 78.233)),
        "num_tokens": 4_100.0 * step,
        "peak_memory_gb": 14.6,
    }
    if step % 50 == 0:
        values["eval_loss"] = 0.95 + 1.3 * math.exp(-step / 120) + max(0, step - 400) ** 1.5 / 20_000
    return [MetricsPoint(name, step, value, step / 200, now) for name, value in values.items()]
