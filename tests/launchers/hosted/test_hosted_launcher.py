"""Promises of `pipeline.launchers.hosted`: one job an attempt, whatever gets lost; told once, whole, paid as billed."""

import json
import os
import shutil
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import Conflicting, ServiceError, SettingsError, UsageError
from pipeline.flow.closing import closed_of
from pipeline.flow.trainings import Wish, ask
from pipeline.launchers.hosted.hosted_launcher import HostedLauncher, TokenRate
from pipeline.launchers.hosted.providers import make_providers, missing_key
from pipeline.launchers.hosted.together_provider import suffix
from pipeline.state.catalog.costs import NANO, newest
from tests.launchers.hosted.fakes import STEPS, TOKENS_A_STEP
from tests.launchers.hosted.trained import KINDS, hosted_trainings

TRAINERS = sorted(KINDS)
LAG_S = 100.0  # of a list; the launcher waits for two minutes
FAULTS = (
    "none",
    "unreachable",
    "killed before",
    "killed after",
    "timeout before",
    "lost",
    "500 before",
    "500 after",
    "half an answer",
    "429",
    "429 for 60 s",
    "401",
    "moved",
)


@pytest.fixture(scope="module")
def installations(tmp_path_factory):
    """One for each provider."""
    with ExitStack() as opened:
        yield {name: opened.enter_context(hosted_trainings(tmp_path_factory.mktemp(name), name)) for name in TRAINERS}


@pytest.fixture(params=TRAINERS)
def trained(installations, request):
    made = installations[request.param]
    made.renew()
    return made


@pytest.fixture
def at_openai(installations):
    made = installations["openai"]
    made.renew()
    return made


def losses(trained, attempt_id, name="loss"):
    return {point.step: point.value for _, point in trained.catalog.points_of(attempt_id, name)}


def test_a_training_is_told_step_by_step_and_leaves_its_model_its_quality_and_its_bill(trained):
    attempt = trained.ask()

    trained.until_closed(attempt.id)
    ended, closed = trained.attempt(attempt.id), closed_of(trained.catalog, trained.job.id)

    assert (ended.state, ended.step, ended.total_steps) == ("completed", STEPS, STEPS)
    assert losses(trained, attempt.id) == {step: 3 / step for step in range(1, STEPS + 1)}
    name = trained.fake.model_name(trained.fake.jobs[0])
    assert closed.model.hosted_as == name
    with trained.lake.fetch_model_file(attempt.id, "model/README.md") as path:
        assert f"call it as `{name}`" in path.read_text()
    assert [(each.moment, each.name, each.value) for each in closed.evaluations if each.name == "eval_loss"] == [
        ("after", "eval_loss", 5 / STEPS)
    ]
    assert closed.cost.billed_nano_usd == trained.fake.bill_nano_usd() > 0
    assert closed.cost.cost_usd == trained.fake.bill_nano_usd() / NANO
    assert ended.log_tail.splitlines()[-1] in ("The job has successfully completed", "Job finished", "Saved")
    assert trained.fake.hosts <= {"api.openai.com", "api.together.ai"}


def test_the_data_is_sent_once_by_its_checksum(trained):
    first = trained.ask()
    trained.until_closed(first.id)
    second = trained.ask()
    trained.until_closed(second.id)

    assert len(trained.fake.jobs) == 2
    assert len(trained.fake.files) == len({name for name, _ in trained.fake.files.values()}) == 2
    bodies = [job.body for job in trained.fake.jobs]
    assert bodies[0]["training_file"] == bodies[1]["training_file"] != bodies[0]["validation_file"]


BROKEN = st.dictionaries(
    st.sampled_from(["list", "files", "upload", "create", "cancel", "job"]),
    st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3),
)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(faults=BROKEN, lag_s=st.sampled_from([0.0, LAG_S]), late_s=st.sampled_from([0.0, 45.0]))
@example(faults={"create": ["lost"]}, lag_s=LAG_S, late_s=0.0)
@example(faults={"create": ["killed after"]}, lag_s=LAG_S, late_s=45.0)
def test_whatever_gets_lost_one_job_is_created_and_paid(trained, faults, lag_s, late_s):
    fake = trained.fake
    fake.lag_s, fake.late_s = lag_s, late_s
    jobs, billed = len(fake.jobs), fake.bill_nano_usd()
    attempt = trained.ask()
    fake.faults = {kind: list(each) for kind, each in faults.items()}

    trained.until_closed(attempt.id)

    fake.faults = {}
    assert len(fake.jobs) - jobs == 1
    assert trained.attempt(attempt.id).state == "completed"
    assert losses(trained, attempt.id) == {step: 3 / step for step in range(1, STEPS + 1)}
    assert trained.cost_of(attempt.id).billed_nano_usd == fake.bill_nano_usd() - billed


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(rounds=st.integers(0, 5), faults=BROKEN, lag_s=st.sampled_from([0.0, LAG_S]))
@example(rounds=1, faults={"create": ["500 after"]}, lag_s=LAG_S)
def test_cancelled_at_any_moment_nothing_trains_on_and_the_bill_is_paid(trained, rounds, faults, lag_s):
    fake = trained.fake
    fake.lag_s, fake.late_s = lag_s, 0.0
    jobs, billed = len(fake.jobs), fake.bill_nano_usd()
    attempt = trained.ask()
    fake.faults = {kind: list(each) for kind, each in faults.items()}
    for _ in range(rounds):
        trained.step()
    if trained.attempt(attempt.id).state not in ("completed", "failed"):
        trained.catalog.cancel_job(trained.job.id, "ann", trained.now)

    trained.until_closed(attempt.id)

    fake.faults = {}
    created = fake.jobs[jobs:]
    assert len(created) <= 1
    assert all(job.state(fake.time()) in ("cancelled", "completed") for job in created)
    is_whole = bool(created) and created[0].state(fake.time()) == "completed"
    assert trained.attempt(attempt.id).state == ("completed" if is_whole else "cancelled")
    cost = trained.cost_of(attempt.id)
    assert (cost.billed_nano_usd if cost else 0) == fake.bill_nano_usd() - billed


def test_one_that_completes_while_it_is_being_cancelled_is_completed(trained):
    attempt = trained.ask()
    trained.until(lambda: trained.attempt(attempt.id).step)
    trained.wait(1_000)
    trained.catalog.cancel_job(trained.job.id, "ann", trained.now)

    trained.until_closed(attempt.id)

    assert trained.attempt(attempt.id).state == "completed"


@pytest.mark.parametrize("fault", ["401", "429", "500 before", "timeout before", "unreachable", "moved"])
def test_one_that_cannot_be_asked_has_not_failed(at_openai, fault):
    attempt = at_openai.ask()
    at_openai.until(lambda: at_openai.attempt(attempt.id).step)
    at_openai.fake.faults = {"any": [fault] * 1_000}

    said = [sentence for _ in range(10) for sentence in at_openai.step()]

    assert at_openai.attempt(attempt.id).state == "running"
    assert len(said) > 0
    assert at_openai.fake.key not in "".join(said)


def test_what_is_refused_has_failed_with_its_reason(at_openai):
    at_openai.fake.create = lambda body, prefix: refused("model gpt-4.1-mini is not available for fine-tuning")
    attempt = at_openai.ask()

    at_openai.until_closed(attempt.id)

    ended = at_openai.attempt(attempt.id)
    assert (ended.state, ended.state_reason) == (
        "failed",
        "OpenAI refuses it (400): model gpt-4.1-mini is not available for fine-tuning",
    )
    assert at_openai.cost_of(attempt.id) is None


def test_a_job_that_its_provider_gives_up_has_failed_with_the_providers_reason(trained):
    attempt = trained.ask()
    trained.until(lambda: trained.fake.jobs)
    trained.fake.jobs[0].fails_with = "line 3 is not a training example"

    trained.until_closed(attempt.id)

    ended = trained.attempt(attempt.id)
    assert (ended.state, ended.state_reason) == ("failed", "line 3 is not a training example")
    cost = trained.cost_of(attempt.id)
    assert (cost.billed_nano_usd if cost else 0) == trained.fake.bill_nano_usd() == 0


def test_who_asks_to_wait_is_not_asked_before(at_openai):
    attempt = at_openai.ask()
    at_openai.until(lambda: at_openai.attempt(attempt.id).step)
    at_openai.fake.faults = {"job": ["429 for 60 s"]}
    at_openai.step()
    asked = len(at_openai.fake.asked)

    at_openai.step()
    assert len(at_openai.fake.asked) == asked
    at_openai.step()
    assert len(at_openai.fake.asked) > asked


def test_a_folder_that_was_lost_changes_nothing(trained):
    attempt = trained.ask()
    trained.until(lambda: trained.attempt(attempt.id).step)
    shutil.rmtree(trained.settings.trainings)
    trained.until_ended(attempt.id)
    shutil.rmtree(trained.settings.trainings)

    trained.until_closed(attempt.id)

    assert (len(trained.fake.jobs), trained.attempt(attempt.id).state) == (1, "completed")
    assert losses(trained, attempt.id) == {step: 3 / step for step in range(1, STEPS + 1)}
    assert trained.cost_of(attempt.id).billed_nano_usd == trained.fake.bill_nano_usd()
    assert next(each.value for each in closed_of(trained.catalog, trained.job.id).evaluations) == 5 / STEPS


def test_no_key_is_written_anywhere(trained):
    attempt = trained.ask()
    trained.fake.faults = {"list": ["401"], "create": ["429"], "job": ["401"]}
    said = trained.until_closed(attempt.id)

    everything = b"".join(path.read_bytes() for path in trained.folder.rglob("*") if path.is_file())
    assert trained.fake.key.encode() not in everything
    assert trained.fake.key not in "".join(said)


def test_a_redirect_is_not_followed(at_openai):
    attempt = at_openai.ask()
    at_openai.fake.faults = {"files": ["moved"]}

    said = at_openai.step()

    assert said == [f"{attempt.id} could not be started: OpenAI answered 307: it is asked again"]
    assert at_openai.fake.hosts == {"api.openai.com"}


def test_budgets_count_what_the_tokens_may_cost_and_end_what_costs_more(at_openai):
    estimate = newest(at_openai.catalog.costs_of([at_openai.job.id])[at_openai.job.id], "estimate")
    with pytest.raises(Conflicting, match="expected a training of at most"):
        at_openai.ask(budget_usd=estimate.cost_usd_high * 0.9)

    month = at_openai.now.replace(day=1)
    before = at_openai.catalog.committed_nano_usd("ann", month)
    attempt = at_openai.ask(budget_usd=estimate.cost_usd_high * 1.01)
    at_openai.until(lambda: at_openai.attempt(attempt.id).step)
    half = at_openai.attempt(attempt.id).metered_nano_usd / NANO
    committed = at_openai.catalog.committed_nano_usd("ann", month) - before

    assert 0 < half < estimate.cost_usd_high
    assert committed / NANO == pytest.approx(estimate.cost_usd_high)


def test_a_price_that_turns_out_to_be_above_the_budget_ends_the_training(tmp_path):
    with hosted_trainings(tmp_path, "together") as trained:
        [estimate] = trained.catalog.costs_of([trained.job.id])[trained.job.id]
        budget = max(estimate.cost_usd_high, 0.001) * 1.01
        assert budget < STEPS * TOKENS_A_STEP * 0.48 / 1e6
        attempt = trained.ask(budget_usd=budget)

        trained.until_closed(attempt.id)

        assert (trained.attempt(attempt.id).state, len(trained.fake.jobs)) == ("cancelled", 1)
        assert trained.fake.jobs[0].cancelled_s is not None


def test_without_a_key_it_says_what_to_set(at_openai):
    def missing(_launcher, _trainer, _job):
        return "set OPENAI_API_KEY to the key of an account"

    wish = Wish(at_openai.job.id, "hosted")
    with pytest.raises(UsageError) as refused:
        ask(at_openai.catalog, at_openai.settings, "ann", wish, at_openai.now, missing=missing)
    assert str(refused.value) == (
        "launcher: expected one that is set up, found hosted: set OPENAI_API_KEY to the key of an account"
    )

    attempt = at_openai.ask()
    keyless = HostedLauncher(at_openai.settings.trainings, {}, lambda *_: None, lambda *_: None, at_openai.time)
    with pytest.raises(SettingsError, match="set OPENAI_API_KEY to the key of an account, and start it again"):
        keyless.submit(at_openai.trainings._order(attempt))
    with pytest.raises(ServiceError, match="openai cannot be asked: set OPENAI_API_KEY"):
        keyless.find(attempt)
    assert not keyless.is_training(attempt)


@pytest.mark.parametrize(
    ("key", "is_usable"), [("sk-1", True), (" sk-1\n", True), ("", False), ("sk-\nx", False), ("sk-ü", False)]
)
def test_a_key_that_no_request_could_carry_is_none(key, is_usable):
    environment = {"OPENAI_API_KEY": key}

    assert set(make_providers(environment)) == ({"openai"} if is_usable else set())
    assert (missing_key("openai", environment) == "") is is_usable


def test_while_it_waits_it_says_for_what(trained):
    attempt = trained.ask()
    trained.step()

    waits = {"openai": "OpenAI reads its files", "together": "Together makes it ready"}
    assert trained.attempt(attempt.id).state_reason == waits[trained.trainer]


def test_tokens_are_billed_exactly():
    rate = TokenRate("m", 0.48, 0.0, "")

    assert (rate.nano_usd(1), rate.nano_usd(10**15 + 1)) == (480, 480 * (10**15 + 1))
    assert TokenRate("m", 5.0, 4.0, "").nano_usd(10) == 4 * NANO


def test_a_suffix_is_short_and_tells_attempts_apart():
    names = {suffix("support-chat-with-a-rather-long-name-of-it", f"job.{number}") for number in range(50)}

    assert len(names) == 50
    assert {len(name) for name in names} == {40}


def test_a_journal_that_was_cut_off_goes_on(at_openai):
    attempt = at_openai.ask()
    at_openai.until(lambda: at_openai.attempt(attempt.id).step)
    journal = at_openai.settings.trainings / attempt.id / "journal.jsonl"
    os.truncate(journal, journal.stat().st_size - 5)

    at_openai.until_closed(attempt.id)

    assert losses(at_openai, attempt.id) == {step: 3 / step for step in range(1, STEPS + 1)}


def test_what_is_kept_says_where_the_model_is(trained):
    attempt = trained.ask()
    trained.until_closed(attempt.id)

    with trained.lake.fetch_model_file(attempt.id, "model/hosted.json") as path:
        kept = json.loads(path.read_text())

    assert (kept["provider"], kept["job"]) == (trained.trainer, trained.fake.jobs[0].id)
    assert len(kept["checkpoints"]) > 0
    places = [each.storage_path for each in trained.catalog.artifacts_of(trained.job.id) if each.kind == "checkpoint"]
    assert set(kept["checkpoints"].values()) <= set(places)


def refused(message):
    import httpx2

    return httpx2.Response(400, json={"error": {"message": message}})
