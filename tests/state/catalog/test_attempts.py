"""Promises of `pipeline.state.catalog.attempts`: one lives, states follow one another, each change is kept and told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import Conflicting, JobNotFound
from pipeline.state.catalog.attempt_records import NewAttempt, Told
from pipeline.state.catalog.attempts import FROM_STATES, JOB_STATUS_OF
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.job_records import NewCost
from pipeline.state.catalog.statuses import ATTEMPT_STATES, ENDED_STATES, LIVE_STATES
from tests.how_many import examples
from tests.state.catalog.examples import LATER, MUCH_LATER, NOON
from tests.state.catalog.job_examples import ESTIMATE, JOB, planned, ready

ATTEMPT = NewAttempt("job-1", "local", "trl", "ann", price_per_gpu_hour=2.0, provider="here")


@pytest.fixture
def job(catalog):
    ready(catalog)
    return catalog.create_job(JOB, ESTIMATE, NOON)


def test_an_attempt_is_queued_and_its_job_too(catalog, job):
    attempt = catalog.open_attempt(ATTEMPT, "ann", LATER)

    assert (attempt.id, attempt.number, attempt.state, attempt.user_id) == ("job-1.1", 1, "queued", "ann")
    assert catalog.get_job("job-1").status == "queued"
    assert catalog.attempts_of(["job-1"]) == {"job-1": [attempt]}
    [told] = catalog.notifications("ann", limit=1)
    assert (told.kind, told.job_id, told.title) == ("training_queued", "job-1", "Training d1 on Qwen3-8B is queued")


def test_a_second_one_waits_for_the_end_of_the_first(catalog, job):
    catalog.open_attempt(ATTEMPT, "ann", NOON)

    with pytest.raises(Conflicting, match=r"attempt job-1\.1 under way"):
        catalog.open_attempt(ATTEMPT, "ann", LATER)
    catalog.move_attempt("job-1.1", "failed", "watch", LATER, "it broke")

    assert catalog.open_attempt(replace(ATTEMPT, resumed_from="job-1.1"), "ann", LATER).id == "job-1.2"


def test_a_job_of_another_user_or_out_of_date_is_not_trained(catalog, job):
    with pytest.raises(JobNotFound):
        catalog.open_attempt(ATTEMPT, "bob", NOON)
    planned(catalog, ready(catalog, run="run-2"), "other-rows")

    with pytest.raises(Conflicting, match="true to its dataset, found job-1 stale"):
        catalog.open_attempt(ATTEMPT, "ann", LATER)


def test_each_change_has_an_actor_and_is_told_once(catalog, job):
    catalog.open_attempt(ATTEMPT, "ann", NOON)
    for _ in range(2):
        catalog.move_attempt("job-1.1", "running", "watch", LATER)
        catalog.move_attempt("job-1.1", "failed", "training", MUCH_LATER, "the disk was full", "disk-full")

    seen = [(each.from_state, each.to_state, each.actor, each.reason) for each in catalog.transitions_of("job-1.1")]
    assert seen == [
        (None, "queued", "ann", None),
        ("queued", "running", "watch", None),
        ("running", "failed", "training", "the disk was full"),
    ]
    attempt = catalog.get_attempt("job-1.1")
    assert (attempt.started_at, attempt.ended_at, attempt.failure_class) == (LATER, MUCH_LATER, "disk-full")
    assert [each.kind for each in catalog.notifications("ann")][:3] == [
        "training_failed",
        "training_started",
        "training_queued",
    ]
    assert (catalog.get_job("job-1").status, catalog.get_job("job-1").status_reason) == ("failed", "the disk was full")


def test_a_lost_one_comes_back_unless_another_took_its_place(catalog, job):
    catalog.open_attempt(ATTEMPT, "ann", NOON)
    catalog.move_attempt("job-1.1", "running", "watch", NOON)
    catalog.move_attempt("job-1.1", "lost", "watch", LATER)

    assert catalog.move_attempt("job-1.1", "running", "training", LATER)
    catalog.move_attempt("job-1.1", "lost", "watch", LATER)
    catalog.open_attempt(ATTEMPT, "ann", LATER)

    assert not catalog.move_attempt("job-1.1", "running", "training", MUCH_LATER)
    assert catalog.move_attempt("job-1.1", "completed", "training", MUCH_LATER)  # what it made is there
    assert catalog.get_job("job-1").status == "queued"  # by the newest attempt


def test_cancelling_ends_what_nobody_started_and_asks_what_runs(catalog, job):
    catalog.open_attempt(ATTEMPT, "ann", NOON)
    assert catalog.cancel_job("job-1", "ann", LATER).status == "cancelled"
    catalog.open_attempt(ATTEMPT, "ann", LATER)
    catalog.move_attempt("job-1.2", "running", "watch", LATER)

    assert catalog.cancel_job("job-1", "ann", MUCH_LATER).status == "running"
    assert catalog.get_attempt("job-1.2").cancel_requested_at == MUCH_LATER
    assert catalog.move_attempt("job-1.2", "completed", "training", MUCH_LATER)  # it was done before it heard
    with pytest.raises(Conflicting, match="that has not ended"):
        catalog.ask_to_cancel("job-1.2", "ann", "ann", MUCH_LATER)
    with pytest.raises(JobNotFound):
        catalog.ask_to_cancel("job-1.2", "bob", "bob", MUCH_LATER)


def test_hours_are_those_in_which_it_was_heard_of(catalog, job):
    """The silence of a lost one is nobody's; a training's own clock counts, within what we know."""
    catalog.open_attempt(ATTEMPT, "ann", NOON)
    begun = Told(10, at=LATER, has_begun=True, begun_at=NOON - timedelta(days=9))
    catalog.take_journal("job-1.1", 0, begun, LATER)
    catalog.move_attempt("job-1.1", "lost", "watch", MUCH_LATER)
    catalog.move_attempt("job-1.1", "cancelled", "ann", MUCH_LATER + timedelta(days=3))
    catalog.open_attempt(ATTEMPT, "ann", NOON)
    ended = Told(10, at=LATER, has_begun=True, begun_at=NOON, ended_at=LATER, state="completed")
    catalog.take_journal("job-1.2", 0, ended, MUCH_LATER)

    lost, told = catalog.get_attempt("job-1.1"), catalog.get_attempt("job-1.2")
    assert (lost.started_at, lost.ended_at) == (NOON, LATER)
    assert (told.started_at, told.ended_at) == (NOON, LATER)


def test_a_bill_corrects_what_was_metered_in_the_month_of_the_training(catalog, job):
    catalog.open_attempt(ATTEMPT, "ann", NOON)
    next_month = NOON + timedelta(days=40)
    metered = NewCost(kind="actual", cost_usd=10.0, hours=5.0, source="metered", attempt_id="job-1.1")
    bill = NewCost(kind="actual", cost_usd=9.0, hours=5.0, source="bill", attempt_id="job-1.1")
    catalog.add_cost("job-1", "ann", metered, NOON)
    catalog.add_cost("job-1", "ann", bill, next_month)

    def spent(since, until=None):
        return [each.nano_usd for each in catalog.spending("ann", since, until)]

    assert (spent(NOON), spent(next_month), spent(NOON, next_month)) == ([9_000_000_000], [], [9_000_000_000])


def test_a_training_that_tells_of_itself_is_not_ended_by_hand(catalog, job):
    catalog.open_attempt(ATTEMPT, "ann", NOON)

    with pytest.raises(Conflicting, match="tells of itself"):
        catalog.report_job("job-1", "ann", LATER, "succeeded")


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*ATTEMPT_STATES, "again"]), max_size=12))
def test_whatever_is_told_in_whatever_order_states_follow_one_another(tmp_path_factory, wishes):
    """One lives at a time, what has ended stays so, and a job is as its newest attempt."""
    with Catalog.open(f"sqlite:///{tmp_path_factory.mktemp('catalog') / 'catalog.db'}") as catalog:
        ready(catalog)
        catalog.create_job(JOB, ESTIMATE, NOON)
        catalog.open_attempt(ATTEMPT, "ann", NOON)
        now = NOON
        for wish in wishes:
            now += timedelta(seconds=1)
            before = catalog.attempts_of(["job-1"])["job-1"]
            if wish == "again":
                if not any(each.state in LIVE_STATES for each in before):
                    catalog.open_attempt(ATTEMPT, "ann", now)
            else:
                target = before[0]
                moved = catalog.move_attempt(target.id, wish, "somebody", now)
                is_replaced = wish == "running" and any(each.state in LIVE_STATES for each in before[1:])
                assert moved == (target.state in FROM_STATES[wish] and not is_replaced)
            after = catalog.attempts_of(["job-1"])["job-1"]
            assert sum(each.state in LIVE_STATES for each in after) <= 1
            for old, new in zip(before, after, strict=False):
                assert old.state not in ENDED_STATES or new.state == old.state
            assert catalog.get_job("job-1").status == JOB_STATUS_OF[after[-1].state]
