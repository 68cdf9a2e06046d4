"""Batches at both providers: begun once, found again, and every request accounted for with what it cost."""

from collections import Counter
from datetime import timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.errors import ServiceError
from pipeline.llm.asking import BatchLook
from pipeline.llm.call_prices import cost_nano_usd, load_inference_prices, price_of
from pipeline.llm.llm_errors import (
    AskingRefused,
    KeyRefused,
    LowCredit,
    Overloaded,
    RateLimited,
    ResultsGone,
    SpendingCap,
    Unanswered,
    Unreachable,
)
from tests.fakes.openai import FakeOpenAI
from tests.fakes.provider import PRICES
from tests.llm.requests import numbered, request

FATES = ["succeeded", "refused", "truncated", "malformed", "errored", "overloaded", "low_credit", "expired"]


def fetched(backend, external_id, tmp_path):
    path = tmp_path / "results.jsonl"
    backend.fetch(external_id, path)
    return list(backend.read(path))


def test_a_batch_goes_there_and_its_answers_come_back(fake, backend, tmp_path):
    """In another order, as providers give them."""
    fake.answer = lambda asked: f"answer to {asked.custom_id}"
    fake.looks_until_end = 1

    external_id = backend.submit(backend.encode(numbered(3)), "submission-1")
    looks = [backend.look(external_id).state, backend.look(external_id)]
    answers = fetched(backend, external_id, tmp_path)

    assert looks == ["in_progress", BatchLook("ended", 3)]
    assert [each.custom_id for each in answers] == ["item-3", "item-2", "item-1"]
    assert {each.text for each in answers} == {"answer to item-1", "answer to item-2", "answer to item-3"}
    assert {(each.outcome, each.model, each.error, each.fault) for each in answers} == {
        ("succeeded", "claude-haiku-4-5", None, None)
    }


def test_each_request_has_an_outcome_and_its_cost_is_the_bill_by_row(fake, backend, tmp_path):
    """The sum and each row, to the nano-dollar, with what the cache read and wrote."""
    fake.has_cache = True
    requests = numbered(2 * len(FATES), model="claude-sonnet-5-5")
    fake.fates = {each.custom_id: FATES[i % len(FATES)] for i, each in enumerate(requests)}
    price = price_of(load_inference_prices(), "anthropic", "claude-sonnet-5-5")

    external_id = backend.submit(backend.encode(requests), "submission-1")
    assert backend.look(external_id).state == "ended"
    answers = fetched(backend, external_id, tmp_path)

    assert Counter(each.outcome for each in answers) == {
        "succeeded": 4,  # one of two is no JSON, which is for whoever reads the text
        "refused": 2,
        "truncated": 2,
        "errored": 6,
        "expired": 2,
    }
    assert Counter(each.fault for each in answers if each.outcome == "errored") == {
        "request": 2,
        "provider": 2,
        "money": 2,
    }
    costs = {each.custom_id: cost_nano_usd(each.usage, price, is_batch=True) for each in answers if each.usage}
    assert costs == {row.asked.custom_id: row.nano_usd for row in fake.bill}
    assert any(row.cache_read_tokens for row in fake.bill)
    assert sum(costs.values()) > 0


def test_a_batch_costs_at_most_what_was_reserved(fake, backend):
    """The bound needs no tokenizer: there is no token of less than a byte."""
    for model in PRICES:
        fake.has_cache = model.startswith("gpt")
        asked = request("item-1", model=model, system="ü" * 50)
        body = backend.encode([asked])
        backend.look(backend.submit(body, model))

        assert fake.bill[-1].input_tokens + fake.bill[-1].cache_write_tokens <= backend.most_input_tokens(asked)


def test_the_same_requests_are_the_same_bytes(backend):
    assert backend.encode(numbered(3)) == backend.encode(numbered(3))


def test_a_batch_that_no_provider_takes_is_refused_before_it_is_sent(fake, backend):
    many = [request(f"item-{number}") for number in range(3)]
    backend.most_batch_requests, backend.most_batch_bytes = 2, 600

    for requests, expected in [
        ([], "expected 1 to 2 requests in a batch, found 0"),
        (many, "expected 1 to 2 requests in a batch, found 3"),
        (numbered(2), f"expected at most 600 bytes in a batch, found {_size(backend, numbered(2))}"),
        (
            [request("a b"), request("a b")],
            "expected ids of 1 to 64 of a-z A-Z 0-9 _ -, each of them once, found 'a b'",
        ),
        ([request("a"), request("a")], "expected ids of 1 to 64 of a-z A-Z 0-9 _ -, each of them once, found 'a'"),
    ]:
        with pytest.raises(AskingRefused) as caught:
            backend.encode(requests)
        assert str(caught.value) == expected
    assert fake.calls == []


def _size(backend, requests):
    limit, backend.most_batch_bytes = backend.most_batch_bytes, 10**9
    try:
        return f"{len(backend.encode(requests)):,}"
    finally:
        backend.most_batch_bytes = limit


@pytest.mark.parametrize("fault", ["lost", "cut", "garbled", "broken", "gateway"])
def test_a_batch_whose_answer_is_lost_is_found_again(fake, backend, fault):
    """Nothing is sent twice by itself; where the provider did nothing, nothing is found."""
    since = utc_now()
    fake.fail("create", fault)

    with pytest.raises(Unanswered):
        backend.submit(backend.encode(numbered(2)), "submission-1")

    found = backend.find("submission-1", since, 2, known=set())
    assert found == list(fake.batches)
    assert len(fake.called("create")) == 1
    assert bool(found) is (fault in ("lost", "cut", "garbled"))


def test_a_provider_that_says_nothing_is_not_waited_for_for_ever(fake, connect):
    """And what it did nevertheless is found."""
    backend = connect(fake, longest_submit_s=1.0)
    since = utc_now()
    fake.fail("create", "hung")

    with pytest.raises(Unanswered) as caught:
        backend.submit(backend.encode(numbered(2)), "submission-1")

    assert str(caught.value).endswith("was asked, and did not answer: ReadTimeout")
    assert backend.find("submission-1", since, 2, known=set()) == list(fake.batches)


def test_what_is_found_is_new_unknown_and_ours(fake, backend):
    """Of OpenAI by our id; of Anthropic by time and size, which another of the same size shares."""
    is_exact = isinstance(fake, FakeOpenAI)
    fake.now = lambda: utc_now() - timedelta(hours=1)
    old = backend.submit(backend.encode(numbered(2)), "submission-1")
    fake.now = utc_now
    since = utc_now()
    ours = backend.submit(backend.encode(numbered(2)), "submission-1")
    other = backend.submit(backend.encode(numbered(2)), "submission-2")
    larger = backend.submit(backend.encode(numbered(3)), "submission-3")

    assert backend.find("submission-1", since, 2, known={other}) == [ours]
    assert backend.find("submission-1", since, 2, known={ours}) == ([] if is_exact else [other])
    assert backend.find("submission-2", since, 2, known=set()) == ([other] if is_exact else [other, ours])
    assert {old, larger}.isdisjoint(backend.find("submission-1", since, 2, known=set()))


def test_a_list_is_read_to_its_end_and_no_further(fake, backend):
    """Pages of a hundred, the newest first; it ends where batches are older than what is looked for."""
    body = backend.encode(numbered(1))
    fake.now = lambda: utc_now() - timedelta(days=1)
    for _ in range(150):
        backend.submit(body, "old")
    fake.now = utc_now
    since = utc_now()
    new = [backend.submit(body, "new") for _ in range(120)]

    assert backend.find("new", since, 1, known=set()) == new[::-1]
    assert len(fake.called("list")) == 2


def test_a_list_may_lag(fake, backend):
    """Whoever looks again, finds it."""
    fake.list_lag = 2
    external_id = backend.submit(backend.encode(numbered(1)), "submission-1")

    found = [backend.find("submission-1", utc_now(), 1, known=set()) for _ in range(3)]

    assert found == [[], [], [external_id]]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("rate_limited", RateLimited),
        ("overloaded", Overloaded),
        ("spending_cap", SpendingCap),
        ("low_credit", LowCredit),
        ("no_payment", LowCredit),
        ("forbidden", KeyRefused),
        ("invalid", AskingRefused),
        ("redirected", AskingRefused),
        ("missing", AskingRefused),
        ("dropped", Unanswered),
    ],
)
def test_what_a_provider_says_is_who_has_to_act(fake, backend, fault, expected):
    """Asked once each; the key is in no sentence."""
    fake.fail("create", fault, retry_after="17")

    with pytest.raises(expected) as caught:
        backend.submit(backend.encode(numbered(1)), "submission-1")

    assert len(fake.called("create")) == 1
    assert fake.key not in str(caught.value)
    assert fake.batches == {}
    assert getattr(caught.value, "retry_after_s", 17.0) == 17.0


def test_a_provider_that_is_away_was_not_asked(fake, connect):
    with type(fake)() as gone:
        backend = connect(gone)

    with pytest.raises(Unreachable) as caught:
        backend.submit(b"{}", "submission-1")

    assert "cannot be reached: ConnectError" in str(caught.value)
    assert backend.look("some").state == "unknown"


def test_looking_tells_what_cannot_be_asked_from_what_is_not_there(fake, backend):
    """ "Cannot be asked" is never "not there"."""
    external_id = backend.submit(backend.encode(numbered(1)), "submission-1")
    for fault in ("rate_limited", "overloaded", "broken", "dropped", "cut", "garbled"):
        fake.fail("retrieve", fault)

    states = [backend.look(external_id).state for _ in range(7)]

    assert states == ["unknown"] * 6 + ["ended"]
    assert backend.look("no-such-batch").state == "absent"


def test_a_batch_that_is_cancelled_keeps_what_was_done(fake, backend, tmp_path):
    """It is paid; the rest is not."""
    fake.looks_until_end = 99
    fake.done_before_cancel = 1
    external_id = backend.submit(backend.encode(numbered(3)), "submission-1")

    backend.cancel(external_id)
    assert backend.look(external_id).state == "ended"
    backend.cancel(external_id)  # which is no error
    answers = fetched(backend, external_id, tmp_path)

    assert [each.custom_id for each in answers if each.outcome == "succeeded"] == ["item-1"]
    assert {each.custom_id for each in answers if each.outcome == "canceled"} <= {"item-2", "item-3"}
    assert [row.asked.custom_id for row in fake.bill] == ["item-1"]
    with pytest.raises(AskingRefused):
        backend.cancel("no-such-batch")


@pytest.mark.parametrize("fault", ["cut", "dropped", "broken", "rate_limited"])
def test_results_are_whole_or_not_there(fake, backend, tmp_path, fault):
    external_id = backend.submit(backend.encode(numbered(3)), "submission-1")
    backend.look(external_id)
    endpoint = "content" if isinstance(fake, FakeOpenAI) else "results"
    fake.fail(endpoint, fault)

    with pytest.raises(ServiceError):
        fetched(backend, external_id, tmp_path)
    assert list(tmp_path.iterdir()) == []

    assert len(fetched(backend, external_id, tmp_path)) == 3
    assert len(fake.bill) == 3


def test_results_that_are_kept_no_longer_are_told_apart(fake, backend, tmp_path):
    external_id = backend.submit(backend.encode(numbered(1)), "submission-1")
    backend.look(external_id)
    fake.are_results_kept = fake.are_files_kept = False

    with pytest.raises(ResultsGone):
        fetched(backend, external_id, tmp_path)


def test_results_of_a_batch_that_has_not_ended_are_not_there_yet(fake, backend, tmp_path):
    fake.looks_until_end = 5
    external_id = backend.submit(backend.encode(numbered(1)), "submission-1")

    with pytest.raises(ServiceError, match="has not ended"):
        fetched(backend, external_id, tmp_path)


def test_ids_that_are_wrong_or_there_twice_come_as_they_are(fake, backend, tmp_path):
    """Whoever knows what was asked sees it; a line that cannot be read has no id."""
    fake.fates = {"item-1": "wrong_id", "item-2": "double", "item-3": "garbled"}
    external_id = backend.submit(backend.encode(numbered(4)), "submission-1")
    backend.look(external_id)

    answers = fetched(backend, external_id, tmp_path)

    assert sorted((each.custom_id, each.outcome) for each in answers) == [
        ("", "unknown"),
        ("item-2", "succeeded"),
        ("item-2", "succeeded"),
        ("item-4", "succeeded"),
        ("somebody-else", "succeeded"),
    ]
    assert len(fake.bill) == 4
