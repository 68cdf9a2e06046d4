"""The key goes to one place and into no words; a redirect is not followed."""

import logging
import traceback

import pytest
from pydantic import SecretStr

from pipeline.errors import PipelineError
from pipeline.llm.llm_errors import AskingRefused, KeyRefused
from pipeline.llm.wire import Key, Wire
from tests.fakes.anthropic import FakeAnthropic
from tests.fakes.provider import KEY
from tests.llm.requests import numbered, request


def test_the_key_is_in_no_words(fake, backend, caplog):
    """Neither where a provider repeats it, nor in what a library logs or raises."""
    caplog.set_level(logging.DEBUG)
    said = [repr(backend), str(vars(backend)), repr(backend._wire._key), str(vars(backend._wire))]
    fake.words = f", which was asked with {KEY}"
    for name in ("unsigned", "forbidden", "invalid", "rate_limited"):
        fake.fail("ask", name)
        try:
            backend.ask(request(), 5)
        except PipelineError:
            said.append(traceback.format_exc())

    assert len(said) == 8
    assert "which was asked with ***" in said[-1]
    assert KEY not in "\n".join([*said, caplog.text])


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "sk-ü", "sk-1\r\nx: y"])
def test_a_key_that_would_break_a_header_is_refused_without_its_words(key):
    with pytest.raises(KeyRefused) as caught:
        Key("ANTHROPIC_API_KEY", SecretStr(key), "x-api-key")

    assert str(caught.value) == "ANTHROPIC_API_KEY has characters that no key has, as a blank or a line break"


def test_the_key_is_shown_to_one_place_only():
    """A wire that is led elsewhere goes without it."""
    with FakeAnthropic() as here, FakeAnthropic() as elsewhere:
        wire = Wire("anthropic", here.url, Key("X", SecretStr(KEY), "x-api-key"))

        with pytest.raises(KeyRefused):
            wire.download(f"{elsewhere.url}/v1/messages/batches/1/results", None)

        wire.close()
        assert "x-api-key" not in elsewhere.calls[0].headers
        assert not wire.is_here(elsewhere.url)
        assert wire.is_here(f"{here.url}/anything")


def test_a_redirect_is_not_followed(fake, backend):
    """Its place would get what was asked."""
    fake.fail("create", "redirected")
    endpoint = "/v1/chat/completions" if fake.__class__.__name__ == "FakeOpenAI" else "/v1/messages"

    with pytest.raises(AskingRefused) as caught:
        backend.submit(backend.encode(numbered(1)), "submission-1")

    assert str(caught.value).endswith("answered 307, which leads elsewhere and is not followed; check the address")
    assert endpoint not in str(caught.value)
