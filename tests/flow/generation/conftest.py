"""Each provider's fake, with a model that answers by schema."""

from collections.abc import Iterator

import pytest

from tests.fakes.anthropic import FakeAnthropic
from tests.fakes.openai import FakeOpenAI
from tests.fakes.provider import FakeProvider
from tests.flow.generation.places import Place, opened
from tests.flow.generation.writer import answer

FAKES = {"anthropic": FakeAnthropic, "openai": FakeOpenAI}


@pytest.fixture(params=sorted(FAKES))
def fake(request: pytest.FixtureRequest) -> Iterator[FakeProvider]:
    with FAKES[request.param](answer=answer) as found:
        yield found


@pytest.fixture
def openai_fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(answer=answer) as found:
        yield found


@pytest.fixture
def place(tmp_path, fake: FakeProvider) -> Iterator[Place]:
    with opened(tmp_path, fake) as found:
        yield found
