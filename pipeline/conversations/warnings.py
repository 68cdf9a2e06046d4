"""All warnings about the shape of conversations: conventions first, then what only some trainers mind."""

from pipeline.conversations.columns import Columns
from pipeline.conversations.conventions import CONVENTIONS
from pipeline.conversations.findings import Finding
from pipeline.conversations.structure import STRUCTURE
from pipeline.conversations.tool_use import TOOL_USE


def warnings(columns: Columns) -> list[Finding]:
    """All warnings of a block's conversations, in line order."""
    if not columns.ids:
        return []
    found = [finding for rule in (*CONVENTIONS, *STRUCTURE, *TOOL_USE) for finding in rule(columns)]
    return sorted(found, key=lambda finding: finding.sort_key)
