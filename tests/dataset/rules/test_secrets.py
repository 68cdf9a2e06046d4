"""Keys and tokens are known by their form; a placeholder for one is none."""

import pytest

from tests.dataset.rules.planting import TOKENS, codes, found


@pytest.mark.parametrize("what", TOKENS)
def test_a_secret_is_named_by_its_kind(what):
    assert found(f"export KEY='{TOKENS[what]}'") == [("secret", f"expected no secrets, found {what} at character 13")]


@pytest.mark.parametrize("what", TOKENS)
def test_a_third_of_a_secret_is_none(what):
    assert codes(TOKENS[what][: len(TOKENS[what]) // 3]) == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",  # of the AWS manual
        "sk-" + "x" * 48,
        "ghp_" + "x" * 36,
        "task-" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6jK9mN2pQ5tu8W",
        "-----BEGIN " + "PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
        "the header eyJhbGciOiJIUzI1NiJ9 alone",
        "sk_test_" + "aB3dE6gH9jK2mN5pQ8sT1vW4",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_only_looks_like_a_secret_is_not(text):
    assert codes(text) == []
