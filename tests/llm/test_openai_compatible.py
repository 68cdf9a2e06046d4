"""What is OpenAI's alone, and that of servers that speak as it does."""

import hashlib

import pytest

from pipeline.errors import ServiceError
from pipeline.llm.asking import BatchLook
from pipeline.llm.backends import make_backend
from pipeline.llm.llm_errors import NotThere
from tests.fakes.openai import FakeOpenAI
from tests.llm.requests import numbered, request


@pytest.fixture
def openai(openai_fake, connect):
    return connect(openai_fake)


def test_a_batch_is_a_file_of_lines_and_an_order_with_our_id(openai, openai_fake):
    body = openai.encode([request("a", seed=7, temperature=0.5), request("b", system="", schema=None)])
    openai.submit(body, "submission-1")

    assert body == (
        b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"claude-haiku-4-5",'
        b'"messages":[{"role":"system","content":"You are an advisor."},'
        b'{"role":"user","content":"Write conversation a."}],"max_completion_tokens":200,'
        b'"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,'
        b'"schema":{"type":"object","properties":{"said":{"type":"string"},"a":{"enum":["x","y"]}},'
        b'"required":["said","a"],"additionalProperties":false}}},"temperature":0.5,"seed":7}}\n'
        b'{"custom_id":"b","method":"POST","url":"/v1/chat/completions","body":{"model":"claude-haiku-4-5",'
        b'"messages":[{"role":"user","content":"Write conversation b."}],"max_completion_tokens":200}}\n'
    )
    name = f"{hashlib.sha256(body).hexdigest()}.jsonl"
    assert openai_fake.files == {"file-0001": (name, body, "batch")}
    assert openai_fake.called("create")[0].json() == {
        "input_file_id": "file-0001",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "metadata": {"submission_id": "submission-1"},
    }


@pytest.mark.parametrize("fault", ["lost", "dropped", "broken"])
def test_a_file_that_is_there_is_not_sent_again(openai, openai_fake, fault):
    """Where its answer is lost, no batch has begun, and it says so: the next attempt finds the file by its content."""
    body = openai.encode(numbered(2))
    openai_fake.fail("upload", fault)
    with pytest.raises(ServiceError) as caught:
        openai.submit(body, "submission-1")
    assert type(caught.value) is ServiceError
    assert str(caught.value).endswith("; no batch was begun")

    openai.submit(body, "submission-1")
    openai.submit(openai.encode(numbered(3)), "submission-2")

    assert len(openai_fake.called("upload")) == (2 if fault == "lost" else 3)
    assert [batch.order["input_file_id"] for batch in openai_fake.batches.values()] == ["file-0001", "file-0002"]


def test_a_file_that_goes_too_slowly_begins_no_batch(openai, openai_fake):
    """Whoever looks for the batch after the longest time of a submission, has looked in vain for good."""
    moments = iter([0.0, 11.0])
    openai._wire.now = lambda: next(moments)

    with pytest.raises(ServiceError, match="too slowly; no batch was begun"):
        openai.submit(openai.encode(numbered(1)), "submission-1")

    assert openai_fake.batches == {}


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (("token_limit_exceeded", "Enqueued token limit reached"), "provider"),
        (("billing_hard_limit_reached", "Billing hard limit has been reached"), "money"),
        (("invalid_json_line", "Line 1 is not JSON"), "request"),
    ],
)
def test_a_batch_that_fails_whole_says_who_has_to_act(openai, openai_fake, failure, expected):
    """Nothing of it is paid; a full queue is over after a while."""
    openai_fake.batch_failure = failure
    external_id = openai.submit(openai.encode(numbered(1)), "submission-1")

    assert openai.look(external_id) == BatchLook("failed", 0, failure[1], expected)
    assert openai_fake.bill == []


def test_answers_and_errors_are_fetched_both(openai, openai_fake, tmp_path):
    """A provider has them in two files; either may be missing."""
    for fates, expected in [
        ({}, {"item-1": "succeeded", "item-2": "succeeded"}),
        ({"item-1": "errored"}, {"item-1": "errored", "item-2": "succeeded"}),
        ({"item-1": "expired", "item-2": "errored"}, {"item-1": "expired", "item-2": "errored"}),
    ]:
        openai_fake.fates = fates
        external_id = openai.submit(openai.encode(numbered(2)), f"submission-{len(openai_fake.batches)}")
        openai.look(external_id)
        openai.fetch(external_id, tmp_path / "results.jsonl")

        assert {each.custom_id: each.outcome for each in openai.read(tmp_path / "results.jsonl")} == expected


def test_what_is_filtered_is_refused_and_what_is_not_counted_has_no_usage(openai, openai_fake, tmp_path):
    openai_fake.fates = {"item-1": "filtered", "item-2": "refused", "item-3": "uncounted"}
    external_id = openai.submit(openai.encode(numbered(3)), "submission-1")
    openai.look(external_id)
    openai.fetch(external_id, tmp_path / "results.jsonl")

    answers = {each.custom_id: each for each in openai.read(tmp_path / "results.jsonl")}

    assert [(each.outcome, each.stop_reason) for _, each in sorted(answers.items())] == [
        ("refused", "content_filter"),
        ("refused", "stop"),
        ("succeeded", "stop"),
    ]
    assert answers["item-2"].text == "I cannot do that."
    assert answers["item-3"].usage is None


def test_a_server_of_ones_own_is_asked_without_key_and_batches():
    """In the older word for the longest answer, which all of them know."""
    with FakeOpenAI(has_batches=False) as fake:
        fake.key = ""
        backend = make_backend(fake.base_url, {"OPENAI_API_KEY": "sk-not-for-this-server"})

        answer = backend.ask(request(seed=7), 5)

        assert (backend.has_batches, backend.name, answer.outcome) == (False, "local", "succeeded")
        assert "authorization" not in fake.calls[0].headers
        assert (fake.calls[0].json()["max_tokens"], fake.calls[0].json()["seed"]) == (200, 7)
        with pytest.raises(NotThere):
            backend.submit(backend.encode([request()]), "submission-1")
        backend.close()
