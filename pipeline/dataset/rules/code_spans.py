"""Tells what is said from what is quoted as code: tags and placeholders inside code are meant."""

import re

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)


def without_code(text: str) -> str:
    """The text with its Markdown code blocks and code spans blanked; positions stay as they are."""
    return _CODE.sub(lambda match: " " * len(match[0]), text)
