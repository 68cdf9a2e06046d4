"""Whether a file has reasoning in some conversations and none in others, which only the whole can tell."""

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.rules.mismatch import Mismatch


def mixed_reasoning(thinking: int, conversations: int) -> list[Finding]:
    """A note about the file, where some conversations have reasoning and others have none."""
    if not 0 < thinking < conversations:
        return []
    found = f"it in {thinking / conversations:.1%} of the conversations"
    mismatch = Mismatch("reasoning in all conversations, or in none", found, f"({thinking:,} of {conversations:,})")
    return [Finding(1, 0, "mixed-reasoning", "$", mismatch)]
