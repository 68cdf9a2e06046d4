"""Turns with something planted, and what the rules say of them."""

from pipeline.dataset.quality.quality_findings import quality_findings
from tests.engine_blocks import columns_of, line_of

# Tokens are joined here, so that no scanner takes this file for a leak.
TOKENS = {
    "an AWS access key id": "AKIA" + "Q3EGRIZ7WX5KLM2N",
    "a GitHub token": "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6",
    "a GitLab token": "glpat-" + "x9Yz8Wv7Ut6Sr5Qp4On3",
    "a Slack token": "xoxb-" + "2345678901-2345678901234-aBcDeFgHiJkLmNoPqRsTuVwX",
    "a Slack webhook": "hooks.slack.com/services/" + "T0AB12CD3/B0EF45GH6/aBcDeFgHiJkLmNoPqRsTuVwX",
    "an OpenAI key": "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6jK9mN2pQ5",
    "an Anthropic key": "sk-ant-api03-" + "aB3dE6gH9jK2mN5pQ8sT" * 5,
    "a Google API key": "AIza" + "SyB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3h",
    "a Stripe key": "sk_live_" + "aB3dE6gH9jK2mN5pQ8sT1vW4",
    "a Hugging Face token": "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
    "an npm token": "npm_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6",
    "a JSON web token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "a private key": "-----BEGIN RSA "
    + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEAwJ3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6jK9mN2pQ5",
}

# code → a text that has it alone, and where in it the fault begins, in characters.
PLANTS = {
    "email-address": ("jane.roe+news@posteo.de", 0),
    "phone-number": ("+49 30 901820", 0),
    "credit-card-number": ("4539 1488 0343 6467", 0),
    "iban": ("FR14 2004 1010 0505 0001 3M02 606", 0),
    "social-security-number": ("536-90-4399", 0),
    "ip-address": ("93.184.216.34", 0),
    "secret": (TOKENS["an AWS access key id"], 0),
    "placeholder": ("{{name}}", 0),
    "template-marker": ("<|im_start|>", 0),
    "html-leftover": ("<br>", 0),
    "mojibake": ("itâ€™s", 2),
    "control-character": ("a\x08b", 1),
    "hidden-text": ("a\u202eb", 1),
    "escaped-twice": (r"\u00e9", 0),
    "assistant-boilerplate": ("As an AI language model", 0),
}


def found(*texts: str, role: str = "assistant") -> list[tuple[str, str]]:
    """Code and detail of each finding in a conversation of such turns."""
    columns = columns_of(line_of("a", *[(role, text) for text in texts]))
    return [(finding.code, finding.fault) for finding in quality_findings(columns)]


def codes(*texts: str, role: str = "assistant") -> list[str]:
    """The codes alone."""
    return [code for code, _ in found(*texts, role=role)]
