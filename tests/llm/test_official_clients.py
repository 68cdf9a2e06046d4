"""The providers' own clients as judges: our fakes satisfy them, and what we send is what they send, field by field."""

import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.llm.asking import Message
from tests.fakes.provider import KEY
from tests.llm.requests import SCHEMA, numbered, request

MESSAGES = (Message("user", "One?"), Message("assistant", "Two."), Message("user", "Three?"))


def told(messages=MESSAGES) -> list[dict[str, str]]:
    return [{"role": each.role, "content": each.content} for each in messages]


@pytest.fixture
def anthropic_client(anthropic_fake) -> Iterator[Any]:
    # Imported here: either takes a second, in each process that collects tests.
    client = importlib.import_module("anthropic").Anthropic(api_key=KEY, base_url=anthropic_fake.url, max_retries=0)
    with client:
        yield client


@pytest.fixture
def openai_client(openai_fake) -> Iterator[Any]:
    client = importlib.import_module("openai").OpenAI(api_key=KEY, base_url=openai_fake.base_url, max_retries=0)
    with client:
        yield client


def test_anthropics_client_sends_what_we_send(anthropic_client, anthropic_fake, connect):
    ours = connect(anthropic_fake)
    asked = request("item-1", messages=MESSAGES, temperature=0.5, seed=7)
    parameters = {
        "model": asked.model,
        "max_tokens": asked.max_tokens,
        "system": asked.system,
        "messages": told(),
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }

    theirs = [
        anthropic_client.messages.create(**parameters),
        anthropic_client.messages.batches.create(requests=[{"custom_id": "item-1", "params": parameters}]),
    ]
    answer = ours.ask(asked, 5)
    ours.submit(ours.encode([asked]), "submission-1")

    their_calls, our_calls = anthropic_fake.calls[:2], anthropic_fake.calls[2:]
    assert [each.json() for each in our_calls] == [each.json() for each in their_calls]
    for name in ("anthropic-version", "content-type"):
        assert [each.headers[name] for each in our_calls] == [each.headers[name] for each in their_calls]
    assert (answer.text, answer.usage.input_tokens) == (theirs[0].content[0].text, theirs[0].usage.input_tokens)


def test_anthropics_client_takes_our_fake(anthropic_client, anthropic_fake, connect, tmp_path):
    """And reads from it what we read."""
    ours = connect(anthropic_fake)
    anthropic_fake.fates = {"item-2": "errored", "item-3": "expired", "item-4": "refused", "item-5": "truncated"}
    requests = json.loads(ours.encode(numbered(5)))["requests"]

    batch = anthropic_client.messages.batches.create(requests=requests)
    for _ in range(25):
        ours.submit(ours.encode(numbered(1)), "another")
    looked = anthropic_client.messages.batches.retrieve(batch.id)
    results = {each.custom_id: each.result for each in anthropic_client.messages.batches.results(batch.id)}
    ours.fetch(batch.id, tmp_path / "results.jsonl")

    answers = {each.custom_id: each for each in ours.read(tmp_path / "results.jsonl")}
    assert looked.processing_status == "ended"
    assert {name: each.type for name, each in results.items()} == {
        "item-1": "succeeded",
        "item-2": "errored",
        "item-3": "expired",
        "item-4": "succeeded",
        "item-5": "succeeded",
    }
    assert {name: each.stop_reason for name, each in answers.items()} == {
        name: each.message.stop_reason if each.type == "succeeded" else None for name, each in results.items()
    }
    assert answers["item-2"].error == results["item-2"].error.error.message
    assert len(list(anthropic_client.messages.batches.list())) == 26
    other = anthropic_client.messages.batches.create(requests=requests)
    assert anthropic_client.messages.batches.cancel(other.id).processing_status == "canceling"


def test_anthropics_client_knows_the_errors_of_our_fake(anthropic_client, anthropic_fake):
    anthropic = importlib.import_module("anthropic")
    told = []
    for name in ("rate_limited", "spending_cap", "overloaded", "low_credit", "no_payment", "missing"):
        anthropic_fake.fail("ask", name)
        with pytest.raises(anthropic.APIStatusError) as caught:
            anthropic_client.messages.create(model="m", max_tokens=1, messages=told_once())
        told.append((type(caught.value).__name__, caught.value.type, caught.value.error_code))

    assert told == [
        ("RateLimitError", "rate_limit_error", None),
        ("EnforcedSpendLimitReachedError", "rate_limit_error", "enforced_spend_limit_reached"),
        ("OverloadedError", "overloaded_error", None),
        ("BadRequestError", "invalid_request_error", None),
        ("PaymentRequiredError", "billing_error", None),
        ("NotFoundError", "not_found_error", None),
    ]


def told_once() -> list[dict[str, str]]:
    return [{"role": "user", "content": "One?"}]


def test_openais_client_sends_what_we_send(openai_client, openai_fake, connect):
    ours = connect(openai_fake)
    asked = request("item-1", messages=MESSAGES, temperature=0.5, seed=7)
    body = ours.encode([asked])

    theirs = openai_client.chat.completions.create(
        model=asked.model,
        messages=[{"role": "system", "content": asked.system}, *told()],
        max_completion_tokens=asked.max_tokens,
        response_format={"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}},
        temperature=0.5,
        seed=7,
    )
    file = openai_client.files.create(file=("theirs.jsonl", body), purpose="batch")
    order = {"endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"submission_id": "1"}}
    openai_client.batches.create(input_file_id=file.id, **order)
    answer = ours.ask(asked, 5)
    ours.submit(body, "1")

    asks, orders = openai_fake.called("ask"), openai_fake.called("create")
    assert asks[1].json() == asks[0].json() == json.loads(body)["body"]
    assert orders[1].json() == {**orders[0].json(), "input_file_id": "file-0002"}
    assert asks[1].headers["authorization"] == asks[0].headers["authorization"]
    assert [(content, purpose) for _, content, purpose in openai_fake.files.values()] == [(body, "batch")] * 2
    assert (answer.text, answer.usage.output_tokens) == (
        theirs.choices[0].message.content,
        theirs.usage.completion_tokens,
    )


def test_openais_client_takes_our_fake(openai_client, openai_fake, connect):
    openai_fake.fates = {"item-2": "errored", "item-3": "expired"}
    file = openai_client.files.create(file=("f.jsonl", connect(openai_fake).encode(numbered(3))), purpose="batch")
    batches = [
        openai_client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"n": str(number)}
        )
        for number in range(25)
    ]

    ended = openai_client.batches.retrieve(batches[0].id)
    answers = openai_client.files.content(ended.output_file_id).text.splitlines()
    errors = openai_client.files.content(ended.error_file_id).text.splitlines()

    assert (ended.status, ended.request_counts.completed, ended.request_counts.failed) == ("expired", 1, 2)
    assert [json.loads(line)["custom_id"] for line in (*answers, *errors)] == ["item-1", "item-3", "item-2"]
    assert [each.metadata for each in openai_client.batches.list(limit=10)] == [
        {"n": str(number)} for number in reversed(range(25))
    ]
    assert file.id in [each.id for each in openai_client.files.list(purpose="batch")]
    assert openai_client.batches.cancel(batches[1].id).status == "cancelling"


def test_openais_client_knows_the_errors_of_our_fake(openai_client, openai_fake):
    openai = importlib.import_module("openai")
    told = []
    for name in ("rate_limited", "spending_cap", "low_credit", "overloaded", "missing"):
        openai_fake.fail("ask", name)
        with pytest.raises(openai.APIStatusError) as caught:
            openai_client.chat.completions.create(model="m", messages=told_once())
        told.append((type(caught.value).__name__, caught.value.code))

    assert told == [
        ("RateLimitError", "rate_limit_exceeded"),
        ("RateLimitError", "project_spend_limit_exceeded"),
        ("RateLimitError", "credit_balance_exhausted"),
        ("InternalServerError", "server_is_overloaded"),
        ("NotFoundError", None),
    ]
