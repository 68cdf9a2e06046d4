"""A person says what became of requests that may be at the provider; nothing is asked before the answer can be true."""

import pytest

from pipeline.errors import Conflicting, UsageError
from pipeline.flow.generation.planning import start
from pipeline.flow.generation.settling import settle
from pipeline.flow.generation.steps import advance, look_at_all
from pipeline.llm.wire import LONGEST_SUBMIT_S
from tests.fakes.anthropic import FakeAnthropic
from tests.flow.generation.places import opened
from tests.flow.generation.test_steps import sent_by_one_that_died
from tests.flow.generation.writer import answer


@pytest.fixture
def fake():
    with FakeAnthropic(answer=answer) as found:
        yield found


@pytest.fixture
def place(tmp_path, fake):
    with opened(tmp_path, fake) as found:
        yield found


@pytest.fixture
def doubtful(place, fake):
    """A batch with a submission of which two at the provider may be; returns it with the submission and their ids."""
    batch = place.batch(items=4, judging_model=None)
    fake.fail("create", "lost")
    for batch_id in look_at_all(place.making, place.clock()).due:
        advance(place.making, batch_id)
    [sent] = fake.called("create")
    other = place.making.backend(place.setting).submit(sent.body, "another")
    place.clock.forward(LONGEST_SUBMIT_S + 700)
    look_at_all(place.making, place.clock())
    [submission] = place.catalog.submissions_of(batch.id, only_open=True)
    ours = place.making.backend(place.setting).find(submission.id, submission.created_at, 4, [other])
    assert (place.catalog.get_batch(batch.id).status, submission.state) == ("paused", "doubtful")
    return place.catalog.get_batch(batch.id), submission, [*ours, other]


def test_one_that_a_person_names_is_adopted_and_nothing_is_paid_again(place, fake, doubtful):
    batch, submission, [ours, _other] = doubtful

    settle(place.catalog, batch, submission.id, ours, place.clock())
    start(place.making, batch.id, "ann", None, place.clock())
    place.work()

    assert place.states(batch.id) == {"accepted": 4}
    assert (len(fake.called("create")), len(fake.bill), fake.paid_twice()) == (2, 4, [])


def test_what_is_not_there_is_sent_again(place, doubtful):
    batch, submission, _ids = doubtful

    settle(place.catalog, batch, submission.id, None, place.clock())

    [again] = place.catalog.submissions_of(batch.id, only_open=True)
    assert (again.id, again.state, again.body_sha256) == (submission.id, "prepared", submission.body_sha256)


def test_it_is_said_once_of_one_that_is_in_doubt(place, doubtful):
    batch, submission, [ours, _other] = doubtful

    with pytest.raises(UsageError, match=r"expected a submission of .* that is under way, found 'none'"):
        settle(place.catalog, batch, "none", ours, place.clock())
    settle(place.catalog, batch, submission.id, ours, place.clock())
    with pytest.raises(Conflicting, match=f"of which nobody knows, found {submission.id}"):
        settle(place.catalog, batch, submission.id, ours, place.clock())


def test_a_batch_of_another_submission_is_not_adopted(place, doubtful):
    batch, submission, [ours, other] = doubtful
    settle(place.catalog, batch, submission.id, ours, place.clock())
    second = place.batch(items=2, judging_model=None, seed=9)
    died = sent_by_one_that_died(place, second)
    place.clock.forward(LONGEST_SUBMIT_S - 1)
    with pytest.raises(Conflicting, match=rf"{died} may still be on its way: try again in 1 s"):
        settle(place.catalog, second, died, other, place.clock())
    place.clock.forward(1)
    with pytest.raises(Conflicting, match=f"expected a batch that nobody has, found {ours}"):
        settle(place.catalog, second, died, ours, place.clock())
