"""What is Anthropic's alone."""

import pytest

from pipeline.errors import ServiceError
from pipeline.llm.asking import Message
from pipeline.llm.llm_errors import SpendingCap, Unanswered
from tests.llm.requests import SCHEMA, numbered, request


@pytest.fixture
def anthropic(anthropic_fake, connect):
    return connect(anthropic_fake)


def test_a_request_has_these_fields_in_this_order(anthropic, anthropic_fake):
    """Neither seed nor temperature, which it takes no longer, and no system prompt where there is none."""
    messages = (Message("user", "One?"), Message("assistant", "Two."), Message("user", "Three?"))
    anthropic.ask(request("a", seed=7, temperature=0.5), 5)
    anthropic.ask(request("b", system="", schema=None, messages=messages), 5)

    assert [call.body for call in anthropic_fake.calls] == [
        b'{"model":"claude-haiku-4-5","max_tokens":200,"system":"You are an advisor.",'
        b'"messages":[{"role":"user","content":"Write conversation a."}],'
        b'"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"said":{"type":"string"},"a":{"enum":["x","y"]}},'
        b'"required":["said","a"],"additionalProperties":false}}}}',
        b'{"model":"claude-haiku-4-5","max_tokens":200,"messages":[{"role":"user","content":"One?"},'
        b'{"role":"assistant","content":"Two."},{"role":"user","content":"Three?"}]}',
    ]
    assert list(SCHEMA["properties"]) == ["said", "a"]  # the order in which a model writes them


def test_results_at_another_host_are_refused(anthropic, anthropic_fake, tmp_path):
    """Whoever follows would show the key there."""
    with type(anthropic_fake)() as elsewhere:
        anthropic_fake.results_host = elsewhere.url
        external_id = anthropic.submit(anthropic.encode(numbered(1)), "submission-1")
        anthropic.look(external_id)

        with pytest.raises(ServiceError) as caught:
            anthropic.fetch(external_id, tmp_path / "results.jsonl")

        assert elsewhere.calls == []
    assert str(caught.value) == (
        f"anthropic says that the results of {external_id} lie elsewhere; they were not fetched"
    )


def test_fewer_results_than_requests_were_cut_off(anthropic, anthropic_fake, tmp_path):
    """Its counts add up to the requests from the start on."""
    external_id = anthropic.submit(anthropic.encode(numbered(3)), "submission-1")
    anthropic.look(external_id)
    del anthropic_fake.batches[external_id].results[0]

    with pytest.raises(ServiceError) as caught:
        anthropic.fetch(external_id, tmp_path / "results.jsonl")

    assert str(caught.value) == f"2 results of {external_id} came, not 3"
    assert list(tmp_path.iterdir()) == []


def test_a_batch_that_goes_too_slowly_is_given_up(anthropic, anthropic_fake):
    """Half of the longest time of a submission is for its bytes; what has not gone whole by then, begins nothing."""
    moments = iter([0.0, 1.0, 11.0])
    anthropic._wire.now = lambda: next(moments)
    body = anthropic.encode([request(system="a" * 300_000)])

    with pytest.raises(Unanswered) as caught:
        anthropic.submit(body, "submission-1")

    assert "was asked, and did not answer" in str(caught.value)
    assert anthropic_fake.batches == {}


def test_a_cap_that_the_owner_set_comes_as_a_bad_request(anthropic, anthropic_fake):
    """With 400 and no code, as its pages say."""
    anthropic_fake.fail("ask", "own_cap")

    with pytest.raises(SpendingCap):
        anthropic.ask(request(), 5)
