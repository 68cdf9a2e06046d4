"""Attempts as a state machine: whatever dies, gets lost or is away, and in whichever order.

Never more attempts are spent than tries came to nothing. Once services answer and time passes, everything is decided,
or has failed with a reason and a next try. The catalog is real; Dagster is played by the machine, run by run.
"""

import tempfile
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipeline.errors import LakeError
from pipeline.flow.batch_work import BatchWork, Means, ServiceDown
from pipeline.flow.intake import is_asked_for, plan_runs
from pipeline.flow.retries import Fate, patience_of, settle
from pipeline.settings import load_settings
from pipeline.state.catalog.catalog import Catalog
from tests.how_many import examples
from tests.state.catalog.examples import NOON, READY, upload

IDS = ("a", "b", "c", "d")
POISON = "d"  # this one fails at every try, until somebody mends it


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Run:
    """A run of Dagster: of which request, and how it ended."""

    key: str
    ids: tuple[str, ...]
    state: str = "queued"  # living, ended, died


@dataclass
class Outcomes:
    """What happened to a dataset since it waits: tries that came to nothing."""

    in_vain: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IDS, 0))


class Attempts(RuleBasedStateMachine):
    """The catalog, the sensors' decisions and the runs, in any order."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        data = Path(self.folder.name)
        self.settings = load_settings(data_dir=data)
        self.catalog = Catalog.open(self.settings.catalog_url)
        self.catalog.register_uploads([replace(upload(each), file_size=10) for each in IDS], NOON)
        self.now, self.runs, self.outcomes = NOON, {}, Outcomes()
        self.is_away, self.is_mended = False, False

    def teardown(self):
        if hasattr(self, "catalog"):
            self._services_answer_and_time_passes()
            self.catalog.close()
            self.folder.cleanup()

    @rule(seconds=st.sampled_from([1, 5, 61, 125, 301, 1801, 3601]))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.is_away)
    @rule()
    def services_answer_again(self):
        self.is_away = False

    @precondition(lambda self: not self.is_away and self.catalog.unrequested(1, self.now))
    @rule(is_lost=st.sampled_from([False, False, True]))
    def sensor_asks(self, is_lost=False):
        """A daemon that dies here leaves a request that Dagster never heard of."""
        for planned in plan_runs(self.catalog.unrequested(10, self.now), IDS, self.settings, self.now):
            self.catalog.mark_requested(planned.batch.dataset_ids, planned.run_key, self.now)
            if not is_lost:
                self.runs[planned.run_key] = Run(planned.run_key, planned.batch.dataset_ids)

    @precondition(lambda self: any(run.state == "queued" for run in self.runs.values()))
    @rule(dies_at=st.sampled_from([None, "start", *IDS]), goes_away_at=st.sampled_from([None, *IDS]))
    def run_works(self, dies_at=None, goes_away_at=None):
        run = next(run for run in self.runs.values() if run.state == "queued")
        if dies_at == "start":
            run.state = "died"
            return
        was_away, self.is_away = self.is_away, False

        def do(dataset_id):
            dataset = self.catalog.get(dataset_id)
            if not is_asked_for(dataset, run.key):
                return
            if dataset_id == dies_at:
                self.outcomes.in_vain[dataset_id] += 1
                raise Killed
            if dataset_id == goes_away_at:
                self.is_away = True
                raise LakeError("the lake is gone")
            if dataset_id == POISON and not self.is_mended:
                self.outcomes.in_vain[dataset_id] += 1
                raise ZeroDivisionError
            verdict = replace(READY, dataset_id=dataset_id, content_version=f"bytes-of-{dataset_id}", run_id=run.key)
            self.catalog.record_verdict(verdict, self.now)

        means = Means(
            self.catalog,
            patience_of(self.settings),
            outage=lambda: "the lake is gone" if self.is_away else "",
            log=lambda _: None,
            now=lambda: self.now,
            sleep=lambda _: None,
            clock=iter(range(0, 10**9, 200)).__next__,
        )
        try:
            BatchWork(means, "validation", run.key, run.key, lambda _: None).go_through(run.ids, do)
            run.state = "ended"
        except ServiceDown:
            run.state = "ended"
        except Killed:
            run.state = "died"
        self.is_away = self.is_away or was_away

    @precondition(lambda self: not self.is_away and self.catalog.open_requests("validation"))
    @rule()
    def sensor_settles(self):
        requests = self.catalog.open_requests("validation")
        fates = {each.request_key: self._fate(each.request_key) for each in requests}
        settle(self.catalog, "validation", requests, fates, self.settings, self.now)

    @precondition(lambda self: not self.is_away)
    @rule()
    def somebody_reconciles(self):
        self.catalog.retry_now("validation")

    @rule()
    def somebody_mends(self):
        self.is_mended = True

    @invariant()
    def no_attempt_is_spent_that_was_not_made(self):
        if hasattr(self, "catalog"):
            for dataset_id in IDS:
                assert self.catalog.get(dataset_id).attempt <= self.outcomes.in_vain[dataset_id]

    @invariant()
    def what_failed_says_why_and_when_it_is_tried(self):
        if hasattr(self, "catalog"):
            for dataset in map(self.catalog.get, IDS):
                if dataset.status == "failed":
                    assert dataset.failure

    def _fate(self, key):
        run = self.runs.get(key)
        if run is None:
            return Fate("lost")
        return Fate({"queued": "living"}.get(run.state, run.state), run.key, "its process is gone")

    def _services_answer_and_time_passes(self):
        self.is_away = False
        for _ in range(40):
            self.sensor_settles()
            self.sensor_asks()
            while any(run.state == "queued" for run in self.runs.values()):
                self.run_works()
            self.now += timedelta(minutes=61)
            if all(self.catalog.get(each).status != "validating" for each in IDS):
                break
        found = {each: self.catalog.get(each) for each in IDS}
        assert {found[each].status for each in IDS if each != POISON} == {"ready"}
        poison = found[POISON]
        assert poison.status == "ready" or (poison.status == "failed" and poison.failure and poison.retry_at)


TestAttempts = Attempts.TestCase
TestAttempts.settings = settings(
    max_examples=examples(30), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
