"""Promises of `pipeline.flow.trainings`, `budgets` and `closing`, with the real launcher and a stub as trainer."""

import hashlib
import json
import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import Conflicting, ServiceError, UsageError
from pipeline.flow.closing import close, closed_of
from pipeline.flow.training_checks import TRAINING_RUN_CHECKS
from pipeline.flow.trainings import Trainings, Wish, ask
from pipeline.launchers.local import LocalLauncher
from pipeline.launchers.own_machine import OwnMachineLauncher
from pipeline.settings import load_settings
from pipeline.state.catalog.attempt_records import Told
from pipeline.state.catalog.job_records import NewCost
from pipeline.training.considering import consider
from tests.launchers.stub import write_stub
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON
from tests.training.examples import CATALOGUES
from tests.training.installed import SETUP


class Trained:
    """An installation with a job and all that trains it."""

    def __init__(self, installation, folder, **settings):
        self.catalog, self.lake = installation.catalog, installation.lake
        installation.ready()
        prepared = installation.prepared()
        self.job = installation.maker.make(prepared, consider(prepared.facts, SETUP, CATALOGUES), "plan", NOON)
        self.settings = load_settings(data_dir=folder / "data", **settings)
        self.stub: dict[str, object] = {}
        self.here = LocalLauncher(
            folder / "trainings", Path(sys.executable), folder / "models", self._fetch, {"PATH": os.environ["PATH"]}
        )
        self.trainings = Trainings(
            self.catalog, self.settings, {"local": self.here, "own-machine": OwnMachineLauncher()}
        )

    def _fetch(self, _job, _trainer, place):
        write_stub(place, **self.stub)

    def ask(self, now=NOON, **wish):
        return ask(self.catalog, self.settings, "ann", Wish(self.job.id, **wish), now)

    def until_ended(self, attempt_id, now=NOON):
        deadline = time.monotonic() + 30
        while (attempt := self.catalog.get_attempt(attempt_id)).state in ("queued", "preparing", "running"):
            if time.monotonic() > deadline:
                pytest.fail("the trainings do not end")
            now += timedelta(seconds=36)
            self.trainings.watch(now)
            time.sleep(0.02)
        return attempt


@pytest.fixture
def trained(installation, tmp_path):
    return Trained(installation, tmp_path)


def test_a_training_leaves_its_model_its_quality_and_its_cost(trained):
    attempt = trained.ask()
    assert [each.id for each in trained.trainings.startable()] == [attempt.id]
    assert trained.trainings.start(attempt.id, NOON) == f"{attempt.id} was submitted (local)"

    ended = trained.until_ended(attempt.id)
    closed = close(trained.trainings, trained.lake, attempt.id, MUCH_LATER)
    again = close(trained.trainings, trained.lake, attempt.id, MUCH_LATER)

    assert (ended.state, ended.step) == ("completed", 5)
    assert (closed.model, closed.cost) == (again.model, again.cost)
    files = {name: trained.lake.model_files(attempt.id)[name] for name in closed.model.files}
    assert {"model/adapter_model.safetensors", "model/README.md", "metrics.json"} <= set(files)
    with trained.lake.fetch_model_file(attempt.id, "manifest.json") as path:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == closed.model.manifest_sha256
        assert json.loads(path.read_text())["files"] == closed.model.files
    weights = closed.model.files["model/adapter_model.safetensors"]
    assert weights == {"size_bytes": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert [(each.moment, each.name, each.value) for each in closed.evaluations if each.name == "eval_loss"] == [
        ("before", "eval_loss", 2.0),
        ("after", "eval_loss", 1.0),
    ]
    assert (closed.cost.kind, closed.cost.attempt_id, closed.cost.cost_usd) == ("actual", attempt.id, 0.0)
    assert closed.cost.hours == pytest.approx((ended.ended_at - ended.started_at).total_seconds() / 3600)
    assert [check.decide(closed_of(trained.catalog, trained.job.id))[0] for check in TRAINING_RUN_CHECKS] == [True] * 3
    kinds = [each.kind for each in trained.catalog.notifications("ann")]
    assert kinds[:4] == ["model_ready", "training_completed", "training_started", "training_queued"]


def test_a_failed_one_costs_what_it_took_and_leaves_no_model(trained):
    trained.stub = {"end": "CUDA out of memory", "steps": 3}
    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)
    trained.until_ended(attempt.id)

    closed = close(trained.trainings, trained.lake, attempt.id, MUCH_LATER)

    assert (closed.model, closed.attempt.failure_class) == (None, "out-of-memory")
    assert closed.cost.hours > 0
    assert TRAINING_RUN_CHECKS[0].decide(closed)[0] is False
    told = trained.catalog.notifications("ann")[0]
    assert (told.kind, told.message.splitlines()[-1]) == ("training_failed", "CUDA out of memory")


def test_cancelled_and_resumed_it_goes_on_where_it_was(trained):
    trained.stub = {"steps": 60, "pause_s": 0.03}
    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)
    while not (trained.catalog.get_attempt(attempt.id).step or 0) > 3:
        trained.trainings.watch(NOON)
    trained.catalog.cancel_job(trained.job.id, "ann", NOON, "enough")
    cancelled = trained.until_ended(attempt.id)
    before = trained.here.place(attempt.id) / "job/trl/output"
    (before / "checkpoint-3").mkdir()
    (before / "checkpoint-3/state").write_text("3")

    again = trained.ask(is_resumed=True)
    trained.trainings.start(again.id, NOON)
    ended = trained.until_ended(again.id)

    assert (cancelled.state, again.resumed_from) == ("cancelled", attempt.id)
    assert (ended.state, ended.step) == ("completed", 60)
    spec = json.loads((trained.here.place(again.id) / "spec.json").read_text())
    assert spec["command"] == ["python", "train.py", "--resume"]
    assert (trained.here.place(again.id) / "job/trl/output/checkpoint-3/state").read_text() == "3"


class Broken:
    """A launcher that fails at one step, as a process that dies there leaves things."""

    name = "local"

    def __init__(self, inner, where):
        self.inner, self.where = inner, where

    def __getattr__(self, name):
        if name == self.where:
            raise ServiceError("away")
        return getattr(self.inner, name)

    def submit(self, order):
        if self.where == "before":
            raise ServiceError("away")
        external_id = self.inner.submit(order)
        if self.where == "after":
            raise ServiceError("no answer")
        return external_id


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_submission_that_breaks_off_is_found_again_and_trained_once(trained, where):
    trained.stub = {"pause_s": 0.05}
    attempt = trained.ask()
    broken = replace(trained.trainings, launchers={"local": Broken(trained.here, where)})
    with pytest.raises(ServiceError):
        broken.start(attempt.id, NOON)

    assert trained.catalog.get_attempt(attempt.id).state == "preparing"
    assert [each.id for each in trained.trainings.startable()] == [attempt.id]
    trained.trainings.start(attempt.id, NOON)

    assert trained.until_ended(attempt.id).state == "completed"
    assert len((trained.here.place(attempt.id) / "job/trl/started").read_text().split()) == 1


@pytest.mark.parametrize(
    ("error", "said"), [(ServiceError("no answer"), "no answer"), (KeyError("state"), "a fault of this program")]
)
def test_one_that_cannot_be_asked_has_not_failed_and_keeps_no_other_from_its_turn(trained, error, said):
    class Silent(Broken):
        def poll(self, attempt):
            raise error

    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)
    trained.catalog.move_attempt(attempt.id, "running", "watch", NOON)
    silent = replace(trained.trainings, launchers={"local": Silent(trained.here, "")})

    [told] = silent.watch(NOON + timedelta(days=3))

    assert told.startswith(f"{attempt.id}: {said}")
    assert trained.catalog.get_attempt(attempt.id).state == "running"
    assert trained.until_ended(attempt.id).state == "completed"


def test_a_place_that_takes_long_to_answer_leaves_the_others_for_the_next_look(trained):
    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)
    hurried = replace(trained.trainings, settings=trained.settings.model_copy(update={"tick_budget_s": -1.0}))

    assert hurried.watch(NOON) == ["no time was left for the others: they are looked at next"]
    trained.until_ended(attempt.id)


def test_one_elsewhere_that_tells_nothing_is_lost_until_it_does(trained):
    attempt = trained.ask(launcher="own-machine")
    trained.trainings.start(attempt.id, NOON)
    trained.trainings.watch(NOON + timedelta(days=9))
    assert trained.catalog.get_attempt(attempt.id).state == "preparing"  # nobody has pasted the line yet
    trained.catalog.take_journal(attempt.id, 0, Told(10, at=NOON, has_begun=True), NOON)

    trained.trainings.watch(NOON + timedelta(seconds=trained.settings.lost_after_s + 1))

    assert trained.catalog.get_attempt(attempt.id).state == "lost"
    assert trained.catalog.take_journal(attempt.id, 10, Told(20, at=NOON), LATER).state == "running"


def test_only_so_many_run_here_at_a_time(trained):
    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)

    assert trained.trainings.startable() == []
    trained.until_ended(attempt.id)
    assert [each.id for each in trained.trainings.startable()] == []
    assert [trained.ask().id] == [each.id for each in trained.trainings.startable()]


def test_budgets_are_checked_on_the_most_that_it_may_cost(trained):
    [estimate] = trained.catalog.costs_of([trained.job.id])[trained.job.id]
    too_little = estimate.cost_usd_high * 0.9

    with pytest.raises(Conflicting, match="give a reason to start it all the same, or raise the budget"):
        trained.ask(launcher="own-machine", budget_usd=too_little)
    assert trained.ask(budget_usd=too_little).budget_usd == too_little  # here an hour costs nothing


def test_what_is_asked_for_at_the_same_moment_as_others_is_taken_back_where_the_month_does_not_bear_it(
    trained, monkeypatch
):
    """The check before knows nothing of the others: here it is as if it had been asked before they were there."""
    [estimate] = trained.catalog.costs_of([trained.job.id])[trained.job.id]
    trained.settings = load_settings(
        data_dir=trained.settings.data_dir, budget_per_month_usd=estimate.cost_usd_high / 2
    )
    monkeypatch.setattr("pipeline.flow.trainings.check_budgets", lambda *_: None)

    with pytest.raises(Conflicting, match="asked for at the same moment"):
        trained.ask(launcher="own-machine")
    [attempt] = trained.catalog.attempts_of([trained.job.id])[trained.job.id]
    assert attempt.state == "cancelled"


def test_a_month_has_one_budget_for_what_ended_and_what_runs(trained):
    [estimate] = trained.catalog.costs_of([trained.job.id])[trained.job.id]
    trained.settings = load_settings(
        data_dir=trained.settings.data_dir, budget_per_month_usd=estimate.cost_usd_high * 1.5
    )
    attempt = trained.ask(launcher="own-machine")
    with pytest.raises(Conflicting):
        trained.ask(launcher="own-machine")
    trained.catalog.move_attempt(attempt.id, "failed", "watch", NOON)
    trained.catalog.note_closed(attempt.id, NOON)
    other = trained.ask(launcher="own-machine")
    trained.catalog.move_attempt(other.id, "running", "watch", NOON)
    month = replace(trained.trainings, settings=trained.settings)
    trained.catalog.note_submitted(other.id, "x", NOON)

    hours = trained.settings.budget_per_month_usd / other.price_per_gpu_hour
    month.watch(NOON + timedelta(hours=hours * 0.85))
    assert trained.catalog.get_attempt(other.id).cancel_requested_at is None
    trained.catalog.take_journal(other.id, 0, Told(1, at=NOON), NOON + timedelta(hours=hours))
    month.watch(NOON + timedelta(hours=hours * 1.01))

    assert trained.catalog.get_attempt(other.id).cancel_requested_at is not None
    kinds = [each.title for each in trained.catalog.notifications("ann") if each.kind == "budget_reached"]
    assert [title.rpartition(": ")[2] for title in kinds] == [
        "all of the budget of the month is spent",
        "most of the budget of the month is spent",
    ]


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"trainer": "axolotl"}, r"expected a trainer of the job \(trl\), found axolotl"),
        (
            {"launcher": "moon"},
            "launcher: expected one of local, own-machine, hosted, sagemaker, kubernetes, found 'moon'",
        ),
        ({"is_resumed": True}, "expected an earlier attempt"),
        ({"is_resumed": True, "launcher": "own-machine"}, "expected a training on this machine"),
    ],
)
def test_a_wish_that_cannot_be_says_why(trained, wish, why):
    with pytest.raises(UsageError, match=why):
        trained.ask(**wish)


def test_who_is_cancelled_while_it_is_being_started_is_not_started(trained):
    """Between the two moments of a start at which the catalog is asked."""
    attempt = trained.ask()

    class Quick(Broken):
        def find(self, attempt):
            trained.catalog.cancel_job(trained.job.id, "ann", NOON)
            return

        def submit(self, order):
            raise AssertionError("it was cancelled")

    trained.catalog.cancel_job(trained.job.id, "ann", NOON)
    assert trained.trainings.start(attempt.id, NOON) == f"{attempt.id} is cancelled: nothing to start"
    again = trained.ask()
    quick = replace(trained.trainings, launchers={"local": Quick(trained.here, "")})
    trained.catalog.move_attempt(again.id, "preparing", "start", NOON)
    trained.catalog.cancel_job(trained.job.id, "ann", NOON)

    assert quick.start(again.id, NOON) == f"{again.id} was cancelled"
    assert trained.here.find(again) is None


def test_one_that_trains_and_was_not_noted_is_ended_when_it_is_cancelled(trained):
    trained.stub = {"steps": 400, "pause_s": 0.02}
    attempt = trained.ask()
    with pytest.raises(ServiceError):
        replace(trained.trainings, launchers={"local": Broken(trained.here, "after")}).start(attempt.id, NOON)
    trained.catalog.cancel_job(trained.job.id, "ann", NOON)

    trained.trainings.start(attempt.id, NOON)

    assert trained.until_ended(attempt.id).state in ("cancelled", "failed")
    assert not trained.here.is_training(attempt)


def test_closing_again_changes_nothing_of_the_model(trained):
    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)
    trained.until_ended(attempt.id)
    first = close(trained.trainings, trained.lake, attempt.id, MUCH_LATER)
    bill = NewCost(kind="actual", cost_usd=9.0, hours=1.0, source="bill", attempt_id=attempt.id)
    trained.catalog.add_cost(trained.job.id, "ann", bill, MUCH_LATER)

    close(trained.trainings, trained.lake, attempt.id, MUCH_LATER)

    with trained.lake.fetch_model_file(attempt.id, "model/README.md") as path:
        card = hashlib.sha256(path.read_bytes()).hexdigest()
    assert card == first.model.files["model/README.md"]["sha256"]


def test_a_resumed_one_needs_checkpoints(trained):
    trained.stub = {"end": "broke", "steps": 1}
    attempt = trained.ask()
    trained.trainings.start(attempt.id, NOON)
    trained.until_ended(attempt.id)

    again = trained.ask(is_resumed=True)
    trained.trainings.start(again.id, NOON)

    failed = trained.catalog.get_attempt(again.id)
    assert (failed.state, "expected checkpoints of attempt" in failed.state_reason) == ("failed", True)
