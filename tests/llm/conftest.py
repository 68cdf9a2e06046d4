"""Backends against fakes of their providers; a fake is of its test, so that its bill is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pipeline.llm.asking import Backend
from pipeline.llm.backends import make_backend
from tests.fakes.anthropic import FakeAnthropic
from tests.fakes.openai import FakeOpenAI
from tests.fakes.provider import KEY, FakeProvider

Connect = Callable[[FakeProvider], Backend]


@pytest.fixture
def anthropic_fake() -> Iterator[FakeAnthropic]:
    with FakeAnthropic() as fake:
        yield fake


@pytest.fixture
def openai_fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture(params=["anthropic_fake", "openai_fake"])
def fake(request: pytest.FixtureRequest) -> FakeProvider:
    """Each of them: what one promises, the other does as well."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes backends, and closes them."""
    with ExitStack() as stack:

        def connected(fake: FakeProvider, longest_submit_s: float = 20.0) -> Backend:
            setting = f"openai+{fake.base_url}" if isinstance(fake, FakeOpenAI) else f"anthropic+{fake.url}"
            backend = make_backend(setting, {"LORA_LLM_API_KEY": KEY}, longest_submit_s)
            stack.callback(backend.close)
            return backend

        yield connected


@pytest.fixture
def backend(fake: FakeProvider, connect: Connect) -> Backend:
    return connect(fake)
