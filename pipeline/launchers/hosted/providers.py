"""Every provider that trains for us, and which of them an installation has the key of."""

from collections.abc import Mapping

from pipeline.launchers.hosted.openai_provider import OpenAiProvider
from pipeline.launchers.hosted.provider import Provider
from pipeline.launchers.hosted.together_provider import TogetherProvider

_KINDS = {kind.name: kind for kind in (OpenAiProvider, TogetherProvider)}


def make_providers(environment: Mapping[str, str]) -> dict[str, Provider]:
    """Those whose key is in the environment, by the name of their trainer."""
    keys = {name: _key(kind.key_name, environment) for name, kind in _KINDS.items()}
    return {name: _KINDS[name](key) for name, key in keys.items() if key}


def missing_key(trainer: str, environment: Mapping[str, str]) -> str:
    """What is to be set so that a provider trains for us, in words; empty where nothing is."""
    kind = _KINDS.get(trainer)
    if kind is None:
        return f"nobody trains for {trainer} here: send the files there, and tell how it goes with jobs report"
    return "" if _key(kind.key_name, environment) else f"set {kind.key_name} to the key of an account"


def _key(name: str, environment: Mapping[str, str]) -> str:
    """Empty of a text that no request could carry."""
    key = environment.get(name, "").strip()
    return key if key.isascii() and key.isprintable() else ""
