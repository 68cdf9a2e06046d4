"""A backend out of the text of a setting, with the key of the one place that it leads to.

    anthropic                     Anthropic's API; its key in ANTHROPIC_API_KEY
    openai                        OpenAI's API; its key in OPENAI_API_KEY
    http://127.0.0.1:8080/v1      a server that speaks OpenAI's wire: vLLM, llama.cpp, Ollama; one at a time, no batches
    openai+https://…/v1           OpenAI's wire with batches at another address, as that of a gateway of one's own
    anthropic+https://…           the same of Anthropic's

At another address than a provider's own only LORA_LLM_API_KEY is shown, which it may go without.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from pipeline.errors import SettingsError
from pipeline.llm.anthropic import VERSION, Anthropic
from pipeline.llm.anthropic import read_results as anthropic_results
from pipeline.llm.asking import Answer, Backend
from pipeline.llm.call_prices import OWN_SERVER
from pipeline.llm.llm_errors import KeyRefused
from pipeline.llm.openai_compatible import OpenAICompatible
from pipeline.llm.openai_compatible import read_results as openai_results
from pipeline.llm.wire import LONGEST_SUBMIT_S, Key, Wire

OTHER_KEY: Final = "LORA_LLM_API_KEY"
_EXPECTED: Final = "expected anthropic, openai, or an address as http://127.0.0.1:8080/v1, found"


@dataclass(frozen=True, slots=True)
class Place:
    """Where models are asked."""

    wire: Literal["anthropic", "openai"]
    provider: str
    """Whose prices hold."""
    base_url: str
    key_variable: str
    has_batches: bool


_PROVIDERS: Final[Mapping[str, Place]] = {
    "anthropic": Place("anthropic", "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", True),
    "openai": Place("openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", True),
}


def place_of(setting: str) -> Place:
    """What a setting's text names.

    Raises:
        SettingsError: it names nothing that can be asked.
    """
    if setting in _PROVIDERS:
        return _PROVIDERS[setting]
    wire, plus, address = setting.rpartition("+")
    host = _host(address)
    if not host or (plus and wire not in _PROVIDERS):
        raise SettingsError(f"{_EXPECTED} {setting!r}")
    if plus:
        return Place(_PROVIDERS[wire].wire, wire, address, OTHER_KEY, has_batches=True)
    return Place("openai", OWN_SERVER if _is_own(host) else host, address, OTHER_KEY, has_batches=False)


def make_backend(setting: str, environment: Mapping[str, str], longest_submit_s: float = LONGEST_SUBMIT_S) -> Backend:
    """The backend that a setting names; asks nothing yet. environment: where keys are.

    Raises:
        SettingsError: it names nothing that can be asked.
        KeyRefused: a provider's key is missing, or is none.
    """
    place = place_of(setting)
    value = environment.get(place.key_variable, "").strip()
    if not value and place.key_variable != OTHER_KEY:
        raise KeyRefused(f"{place.provider} takes a key: set {place.key_variable}")
    if place.wire == "anthropic":
        key = Key(place.key_variable, SecretStr(value), "x-api-key")
        headers = {"anthropic-version": VERSION}
        return Anthropic(Wire(place.provider, place.base_url, key, headers, longest_submit_s))
    key = Key(place.key_variable, SecretStr(value), "Authorization", "Bearer ")
    return OpenAICompatible(
        Wire(place.provider, place.base_url, key, longest_submit_s=longest_submit_s),
        has_batches=place.has_batches,
        max_tokens_field="max_completion_tokens" if place.has_batches else "max_tokens",
    )


def read_results(setting: str, path: Path) -> Iterator[Answer]:
    """The answers in the raw results of a batch that the setting's provider made; no key is needed.

    Raises:
        SettingsError: it names nothing that can be asked.
    """
    read = anthropic_results if place_of(setting).wire == "anthropic" else openai_results
    return read(path)


def _host(address: str) -> str:
    """Of an address of the web without anything that does not belong there; empty of another text."""
    try:
        parts = urlsplit(address)
        is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
        return parts.hostname or "" if parts.scheme in ("http", "https") and is_plain and parts.port != 0 else ""
    except ValueError:
        return ""


def _is_own(host: str) -> bool:
    """Whether a server is this machine's or of a network of one's own, so that asking it is not paid."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
