"""Secrets: keys and tokens whose form alone says what they are. Nothing is guessed from randomness."""

from pipeline.dataset.model.late_patterns import late_pattern
from pipeline.dataset.rules.text_rules import Place, TextRules

SECRET_RULES = TextRules()
_PATTERNS = {
    "an AWS access key id": r"(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "a GitHub token": r"gh[pousr]_[A-Za-z0-9]{36,251}\b|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b",
    "a GitLab token": r"glpat-[A-Za-z0-9_-]{20,}",
    "a Slack token": r"xox[abeoprs]-[0-9]{8,14}-[A-Za-z0-9-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{20,}",
    "an OpenAI key": r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}|"
    r"sk-[A-Za-z0-9]{48}\b",
    "an Anthropic key": r"sk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{80,}",
    "a Google API key": r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
    "a Stripe key": r"[rs]k_live_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{32,}",
    "a Hugging Face token": r"hf_[A-Za-z]{34}\b",
    "an npm token": r"npm_[A-Za-z0-9]{36}\b",
    "a JSON web token": r"eyJ[A-Za-z0-9_-]{10,}+\.eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{20,}",
    "a private key": r"-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----[^-]{0,200}?[A-Za-z0-9+/]{40}",
}
_SECRET = late_pattern("|".join(f"(?<![A-Za-z0-9_])({pattern})" for pattern in _PATTERNS.values()))
_SUSPECT = (
    r"(?:AKIA|ASIA)[A-Z2-7]{16}|gh[pousr]_[A-Za-z0-9]{20}|github_pat_|glpat-|xox[abeoprs]-[0-9]|hooks\.slack\.com/|"
    r"sk-[A-Za-z0-9_-]{20}|AIza[A-Za-z0-9_-]{20}|[rs]k_live_|whsec_|hf_[A-Za-z]{20}|npm_[A-Za-z0-9]{20}|"
    r"eyJ[A-Za-z0-9_-]{10}|PRIVATE KEY"
)
_WHATS = tuple(_PATTERNS)
_FEWEST_DISTINCT = 10  # a placeholder such as sk-xxxxxxxx has fewer


@SECRET_RULES.add("no secrets", _SUSPECT)
def secret(text: str) -> Place | None:
    """The text holds a key or token.

    Whoever has the file or the trained model has the key.

    What to do: revoke the key where it was issued, and remove it from the text.
    """
    for match in _SECRET.finditer(text):
        if len(set(match[0])) >= _FEWEST_DISTINCT and "EXAMPLE" not in match[0]:
            assert match.lastindex is not None  # noqa: S101  # one group an alternative
            return Place(match.start(), _WHATS[match.lastindex - 1])
    return None
