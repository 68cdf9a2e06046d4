"""What an installation shows to whom."""

import pytest

from pipeline.flow.generation.installing import making_of
from pipeline.llm.llm_errors import KeyRefused
from pipeline.settings import Settings
from tests.fakes.provider import KEY
from tests.llm.requests import request


@pytest.mark.parametrize("is_set", [True, False])
def test_the_key_for_another_address_is_shown_to_the_one_in_the_settings_alone(tmp_path, openai_fake, is_set):
    """A batch of an earlier setting still names its own."""
    openai_fake.answer = lambda asked: "{}"
    named = f"openai+{openai_fake.base_url}"
    settings = Settings(data_dir=tmp_path, llm=named if is_set else "openai+https://gateway.example/v1")
    with making_of(None, None, settings, {"LORA_LLM_API_KEY": KEY}) as making:
        backend = making.backend(named)
        if is_set:
            assert backend.ask(request(), 5).outcome == "succeeded"
        else:
            with pytest.raises(KeyRefused, match="LORA_LLM_API_KEY"):
                backend.ask(request(), 5)
    assert openai_fake.called("ask")[0].headers.get("authorization") == (f"Bearer {KEY}" if is_set else None)
