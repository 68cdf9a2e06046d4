"""All warnings about the shape of conversations: conventions first, then what only some trainers mind."""

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import Group, all_findings_of
from pipeline.dataset.reading.columns import Columns
from pipeline.dataset.structure.conventions import CONVENTIONS
from pipeline.dataset.structure.media import MEDIA
from pipeline.dataset.structure.pairs import PAIR_RULES
from pipeline.dataset.structure.reasoning import REASONING
from pipeline.dataset.structure.structure import STRUCTURE
from pipeline.dataset.structure.tool_shape import TOOL_SHAPE
from pipeline.dataset.structure.tool_use import TOOL_USE


def warning_groups(columns: Columns) -> list[Group]:
    """All warnings of a block's conversations, by code."""
    if not columns.ids:
        return []
    return [
        group
        for rule in (*CONVENTIONS, *STRUCTURE, *TOOL_USE, *TOOL_SHAPE, *MEDIA, *REASONING, *PAIR_RULES)
        for group in rule(columns)
    ]


def warnings(columns: Columns) -> list[Finding]:
    """All warnings of a block's conversations, in line order."""
    return all_findings_of(warning_groups(columns))
