"""A new upload each second for ten minutes: the rules of the sensors and of the queue, played second by second.

The rules are the real ones; how long runs take is not: two at a time, with the start of a process and a share for each
dataset as a busy machine of two cores has them. The whole of it, with processes, is in `tests/chaos/`.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from assets.asset_jobs import INGEST, PLAN_TRAINING, PUBLISH
from pipeline.flow.batches import Batch
from pipeline.flow.intake import PlannedRun, worth_asking
from pipeline.flow.training_plans import goes_before_validation
from pipeline.settings import load_settings
from tests.state.catalog.examples import NOON

STREAM_S, PLACES, BOUND_S = 600, 2, 60
START_S = 7
SHARE_S = {INGEST.name: 0.4, PLAN_TRAINING.name: 0.5, PUBLISH.name: 0.0}
PRIORITY = {job.name: int(job.tags.get("dagster/priority", 0)) for job in (INGEST, PLAN_TRAINING, PUBLISH)}


@dataclass
class Upload:
    """When what happened to it, in seconds; `validated_at` is what the rule of plans looks at."""

    arrived_s: int
    judged_s: float | None = None
    planned_s: float | None = None

    @property
    def validated_at(self):
        return NOON + timedelta(seconds=self.judged_s) if self.judged_s is not None else None


@dataclass
class Run:
    job: str
    uploads: list
    sees_s: float = 0.0
    done_s: float = 0.0


@dataclass
class Installation:
    """The queue, the places at work, and what sensors know."""

    settings: object
    uploads: list = field(default_factory=list)
    asked: set = field(default_factory=set)
    queue: list = field(default_factory=list)
    at_work: list = field(default_factory=list)
    unpublished_s: list = field(default_factory=list)  # when each change was made that no publication has seen
    lags_s: list = field(default_factory=list)

    def second(self, now_s):
        if now_s < STREAM_S:
            self.uploads.append(Upload(now_s))
        for run in [run for run in self.at_work if run.done_s <= now_s]:
            self._end(run, now_s)
        if now_s % 5 == 0:
            self._new_uploads()
            self._ready_datasets(now_s)
        if now_s % 15 == 0:
            self._stale_warehouse()
        self.queue.sort(key=lambda run: -PRIORITY[run.job])
        while self.queue and len(self.at_work) < PLACES:
            run = self.queue.pop(0)
            run.done_s = now_s + START_S + SHARE_S[run.job] * len(run.uploads)
            self.at_work.append(run)
            run.sees_s = now_s
        self.lags_s += [now_s - changed_s for changed_s in self.unpublished_s[:1]]

    def _end(self, run, now_s):
        self.at_work.remove(run)
        for each in run.uploads:
            if run.job == INGEST.name:
                each.judged_s = now_s
            else:
                each.planned_s = now_s
        if run.job == PUBLISH.name:
            self.unpublished_s = [changed_s for changed_s in self.unpublished_s if changed_s > run.sees_s]
        else:
            self.unpublished_s.append(now_s)

    def _count(self, job):
        return sum(run.job == job for run in self.queue)

    def _new_uploads(self):
        waiting = [each for each in self.uploads if id(each) not in self.asked]
        step = self.settings.batch_max_datasets
        parts = [waiting[start : start + step] for start in range(0, len(waiting), step)]
        runs = {str(n): part for n, part in enumerate(parts)}
        planned = [
            PlannedRun(Batch((), tuple(map(str, range(len(part)))), len(part)), key) for key, part in runs.items()
        ]
        for each in worth_asking(planned, self._count(INGEST.name), self.settings):
            part = runs[each.run_key]
            self.asked |= {id(upload) for upload in part}
            self.queue.append(Run(INGEST.name, part))

    def _ready_datasets(self, now_s):
        if any(run.job == PLAN_TRAINING.name for run in [*self.queue, *self.at_work]):
            return
        waiting = [each for each in self.uploads if each.judged_s is not None and each.planned_s is None]
        is_due = goes_before_validation(waiting, NOON + timedelta(seconds=now_s))
        if waiting and (is_due or not self._count(INGEST.name)):
            self.queue.append(Run(PLAN_TRAINING.name, waiting[: self.settings.batch_max_datasets]))

    def _stale_warehouse(self):
        is_under_way = any(run.job == PUBLISH.name for run in [*self.queue, *self.at_work])
        if self.unpublished_s and not is_under_way:
            self.queue.append(Run(PUBLISH.name, []))


def _play(tmp_path):
    installation = Installation(load_settings(data_dir=tmp_path))
    for now_s in range(STREAM_S + 120):
        installation.second(now_s)
    return installation


def test_a_ready_dataset_has_its_plan_within_a_minute_and_the_warehouse_is_no_older(tmp_path):
    played = _play(tmp_path)

    assert all(each.planned_s is not None for each in played.uploads)
    assert max(each.planned_s - each.judged_s for each in played.uploads) <= BOUND_S
    assert max(each.judged_s - each.arrived_s for each in played.uploads) <= BOUND_S
    assert max(played.lags_s) <= BOUND_S


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("pipeline.flow.training_plans.YIELDS_FOR", timedelta(days=1)),
        ("tests.flow.test_stream.worth_asking", lambda runs, _queued, _settings: list(runs)),
    ],
)
def test_without_one_of_the_rules_plans_wait_for_longer(tmp_path, monkeypatch, rule, value):
    """So each is needed: plans do not let validation go first for ever, and uploads share the run that waits."""
    monkeypatch.setattr(rule, value)
    monkeypatch.setitem(PRIORITY, PLAN_TRAINING.name, -10)

    played = _play(tmp_path)

    assert max((each.planned_s or STREAM_S + 120) - each.judged_s for each in played.uploads if each.judged_s) > BOUND_S
