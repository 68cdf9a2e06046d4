"""Trainings at their pages: started, followed, cancelled, tried again; by their owner only."""

import re
from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.service.attempt_tokens import PURPOSE
from pipeline.service.signing import make_signer
from pipeline.state.catalog.generation_records import NewTrainingFile
from pipeline.state.catalog.job_records import NewCost
from tests.service.pages.signed_in import PAGE, dataset_id
from tests.service.trainings import Trainings

CHOSEN = {"model": "Qwen3-4B", "gpu": "L4", "preset": "balanced", "method": "", "trainer": "trl"}


@pytest.fixture
def ana(open_as):
    return open_as("ana")


@pytest.fixture
def job(ana):
    """The address of a job of Ana's."""
    made = ana.post(f"/datasets/{dataset_id(ana, 'good')}/train", data=CHOSEN, headers=PAGE)
    return made.headers["location"]


@pytest.fixture
def trainings(catalog, job):
    return Trainings(catalog, job.rpartition("/")[2], "ana")


def test_a_training_is_started_once_and_cancelled(ana, job):
    before = ana.get(job).text
    started = ana.post(f"{job}/start", data={"launcher": "local", "trainer": "trl"}, headers=PAGE)
    queued = ana.get(job).text
    again = ana.post(f"{job}/start", data={"launcher": "local"}, headers=PAGE)
    cancelled = ana.post(f"{job}/cancel", headers=PAGE)
    after = ana.get(job).text

    assert "Start the training</button>" in before
    assert (started.status_code, started.headers["location"]) == (303, job)
    assert "It starts as soon as there is room on this machine." in queued
    assert "Start the training</button>" not in queued
    assert (again.status_code, "under way" in again.text) == (409, True)
    assert cancelled.status_code == 303
    assert re.findall(r'<h2 id="state">(\w+)', queued + after) == ["Queued", "Cancelled"]
    assert "Try again</button>" in after


def test_what_runs_is_followed_by_a_piece_of_its_page(ana, job, trainings):
    attempt = trainings.running(utc_now() - timedelta(minutes=10), 120)

    whole, first = ana.get(job).text, ana.get(f"{job}/live").text
    trainings.told(attempt.id, utc_now(), 300)
    second = ana.get(f"{job}/live").text

    assert _without_digits(first) in _without_digits(whole)  # what is left of it is told by the clock
    assert f'data-renew="{job}/live"' in first
    assert re.findall(r"step (\d+ of \d+)</span>", first + second) == ["120 of 600", "300 of 600"]
    assert "best 1.057 at step 300" in second
    assert re.search(r'<progress value="300" max="600" aria-label="Steps of', ana.get("/jobs").text)


def test_a_budget_refuses_until_there_is_a_reason(ana, job, catalog, trainings):
    """The price of the GPU counts on a machine of one's own; what was typed is still there."""
    wanted = {"launcher": "own-machine", "trainer": "trl", "budget_usd": "0.001"}

    refused = ana.post(f"{job}/start", data=wanted, headers=PAGE)
    started = ana.post(f"{job}/start", data=wanted | {"over_budget_reason": "a paying customer"}, headers=PAGE)

    assert refused.status_code == 409
    assert "Expected a training of at most under 1 cent" in refused.text
    assert re.search(r'value="own-machine" checked.*value="0.001".*name="over_budget_reason"', refused.text, re.DOTALL)
    assert started.status_code == 303
    [attempt] = catalog.attempts_of([trainings.job_id])[trainings.job_id]
    assert (attempt.budget_usd, attempt.over_budget_reason) == (0.001, "a paying customer")


@pytest.mark.parametrize("budget", ["-1", "0", "nan", "inf", "much"])
def test_a_budget_is_a_sum_of_money(ana, job, budget):
    answer = ana.post(f"{job}/start", data={"budget_usd": budget}, headers=PAGE)

    assert (answer.status_code, "expected US dollars above 0" in answer.text) == (400, True)


def test_the_line_for_ones_own_machine_is_its_owners_while_it_lives(ana, job, catalog, trainings, installation):
    attempt = trainings.opened(utc_now(), "own-machine")
    catalog.move_attempt(attempt.id, "preparing", "start", utc_now())

    page = ana.get(job).text
    ana.post(f"{job}/cancel", headers=PAGE)

    token = re.search(r"LORA_ATTEMPT_TOKEN=(\S+) python3 run.py --service http://testserver --attempt (\S+)<", page)
    claims = make_signer(installation).read(PURPOSE, token[1])
    assert token[2] == attempt.id
    assert (claims["sub"], claims["attempt"]) == ("ana", attempt.id)
    assert "LORA_ATTEMPT_TOKEN" not in ana.get(job).text


def test_after_a_failure_one_goes_on_from_the_checkpoint_or_changes_the_job(ana, job, catalog, trainings):
    attempt = trainings.running(utc_now(), 60)
    catalog.move_attempt(attempt.id, "failed", "training", utc_now(), "the loss was not a number", "not-a-number")

    page = ana.get(job).text
    resumed = ana.post(f"{job}/start", data={"launcher": "local", "trainer": "trl", "resume": "1"}, headers=PAGE)

    assert "Halve the learning rate; on a GPU without BF16 train in full precision." in page
    assert re.search(
        r'href="/datasets/[^"]+/train\?model=Qwen3-4B&amp;[^"]*learning_rate=0.0001">Try a changed job', page
    )
    assert resumed.status_code == 303
    first, second = catalog.attempts_of([trainings.job_id])[trainings.job_id]
    assert (second.resumed_from, second.state) == (first.id, "queued")
    assert "on from attempt 1" in ana.get(job).text
    assert "attempt 1</span>" in ana.get(f"{job}?attempt=1").text


def test_a_job_that_is_out_of_date_says_why_it_is_not_started(ana, job, catalog, trainings):
    dataset = catalog.get(catalog.get_job(trainings.job_id).dataset_id)
    catalog.record_split(dataset, "other rows", utc_now())

    page, answer = ana.get(job).text, ana.post(f"{job}/start", headers=PAGE)

    assert "It cannot be started here: It is out of date" in page
    assert "Start the training</button>" not in page
    assert answer.status_code == 409


def test_what_making_its_rows_did_cost_stands_beside_the_training(ana, job, catalog, trainings):
    new = NewTrainingFile("Talk <b>", 1, {}, [], 9, "/lake", {}, "ab" * 32)
    file = catalog.add_training_file("f1", "ana", new, utc_now())
    catalog.note_sent_to_datasets(file.id, catalog.get_job(trainings.job_id).dataset_id)
    catalog.add_cost(trainings.job_id, "ana", NewCost("actual", 1.5, 2.0, "a bill"), utc_now())

    page, costs = ana.get(job).text, ana.get("/costs").text

    assert 'of the training file <a href="/training-files/f1"><bdi>Talk &lt;b&gt;, version 1</bdi></a>' in page
    assert "making its conversations did cost $0.00, beside the training." in page
    assert "$0.00 for making the conversations of 1 training file</a> that these trainings took." in costs


def test_anothers_training_is_not_there(open_as, job, catalog, trainings):
    trainings.running(utc_now(), 60)
    bob = open_as("bob")

    read = [bob.get(path).status_code for path in (job, f"{job}/live", f"{job}/files.zip")]
    changed = [bob.post(f"{job}/{action}", headers=PAGE).status_code for action in ("start", "cancel")]

    assert read + changed == [404] * 5
    assert [each.state for each in catalog.attempts_of([trainings.job_id])[trainings.job_id]] == ["running"]


def _without_digits(page):
    return re.sub(r"\d+", "#", page)
