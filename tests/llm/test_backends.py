"""What a setting's text names, and whose key goes there."""

import pytest

from pipeline.errors import SettingsError
from pipeline.llm.backends import make_backend, place_of
from pipeline.llm.llm_errors import KeyRefused

KEYS = {"ANTHROPIC_API_KEY": "sk-a", "OPENAI_API_KEY": "sk-o", "LORA_LLM_API_KEY": "sk-l"}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("anthropic", ("anthropic", "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", True)),
        ("openai", ("openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", True)),
        ("http://127.0.0.1:8080/v1", ("openai", "local", "http://127.0.0.1:8080/v1", "LORA_LLM_API_KEY", False)),
        ("http://[::1]:8080/v1", ("openai", "local", "http://[::1]:8080/v1", "LORA_LLM_API_KEY", False)),
        ("http://vllm:8000/v1", ("openai", "local", "http://vllm:8000/v1", "LORA_LLM_API_KEY", False)),
        ("http://10.1.2.3/v1", ("openai", "local", "http://10.1.2.3/v1", "LORA_LLM_API_KEY", False)),
        (
            "https://openrouter.example/v1",
            ("openai", "openrouter.example", "https://openrouter.example/v1", "LORA_LLM_API_KEY", False),
        ),
        ("openai+https://gw.example/v1", ("openai", "openai", "https://gw.example/v1", "LORA_LLM_API_KEY", True)),
        ("anthropic+http://gw/x", ("anthropic", "anthropic", "http://gw/x", "LORA_LLM_API_KEY", True)),
    ],
)
def test_a_setting_names_a_place_and_a_key(setting, expected):
    """A provider's key is never for another address."""
    place = place_of(setting)

    assert (place.wire, place.provider, place.base_url, place.key_variable, place.has_batches) == expected
    backend = make_backend(setting, KEYS)
    assert (backend.name, backend.has_batches) == (expected[1], expected[4])
    assert backend._wire._key.variable == expected[3]
    backend.close()


@pytest.mark.parametrize(
    "setting",
    [
        "", "claude", "ftp://x/v1", "http://", "http://u:p@x/v1", "http://x/v1?key=1", "gemini+http://x", "http://x:0/v1",
        "anthropic+", "http://[::1/v1", "http://x:99999/v1",
    ],
)  # fmt: skip
def test_what_names_nothing_is_refused(setting):
    with pytest.raises(SettingsError) as caught:
        place_of(setting)

    assert str(caught.value) == (
        f"expected anthropic, openai, or an address as http://127.0.0.1:8080/v1, found {setting!r}"
    )


def test_a_provider_wants_a_key_and_a_server_of_ones_own_does_not():
    with pytest.raises(KeyRefused) as caught:
        make_backend("anthropic", {"OPENAI_API_KEY": "sk-o"})

    assert str(caught.value) == "anthropic takes a key: set ANTHROPIC_API_KEY"
    make_backend("http://127.0.0.1:8080/v1", {}).close()
