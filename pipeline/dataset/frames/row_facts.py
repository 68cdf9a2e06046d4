"""What only the JSON beside the turns tells of conversations: columns that no expression can make of the others."""

import msgspec

from pipeline.dataset.formats.rows.brightrun import META
from pipeline.dataset.formats.rows.brightrun_pairs import PAIRS, UNANSWERED, index_of
from pipeline.dataset.formats.rows.oasst import OTHER_REPLIES, TREE_ID
from pipeline.dataset.reading.columns import Columns


def row_facts(columns: Columns) -> dict[str, list[object]]:
    """The columns of a frame of conversations by name; one that has no value is left out."""
    extras, facts = columns.extras, dict[str, list[object]]()
    if extras.tools is not None:
        verdicts = {text: _has_bare(msgspec.json.decode(text)) for text in set(extras.tools) if text}
        facts["has_bare_tool"] = [verdicts[text] if text else None for text in extras.tools]
    if extras.media is not None:
        facts["media_fields"] = [list(msgspec.json.decode(text)) if text is not None else None for text in extras.media]
    if extras.conversation_annotations is not None and columns.layout.turns == f"$.{PAIRS}":
        held = [msgspec.json.decode(text) if text else {} for text in extras.conversation_annotations]
        facts["has_metadata_line"] = [META in each or None for each in held]
        facts["unanswered_pairs"] = [_unanswered(each) for each in held]
    if extras.conversation_annotations is not None and columns.layout.identity == f"$.{TREE_ID}":
        counts = [text and msgspec.json.decode(text).get(OTHER_REPLIES) for text in extras.conversation_annotations]
        facts["other_replies"] = counts
    if columns.repeated:
        repeated = [columns.repeated.get(index) for index in range(len(columns.ids))]
        facts["repeated_key"] = [each and f"{each.key} {each.count} times" for each in repeated]
        facts["repeated_path"] = [each and each.path for each in repeated]
    for name in ("no_double", "no_integer"):
        numbers = {index: number for index, each in columns.large.items() if (number := getattr(each, name))}
        if numbers:
            held = [numbers.get(index) for index in range(len(columns.ids))]
            facts[name] = [each and each.digits for each in held]
            facts[f"{name}_path"] = [each and each.path for each in held]
    return facts


def _unanswered(annotations: dict[str, object]) -> list[int] | None:
    """The places of the kept pairs; a field of that name that the row itself has may hold anything."""
    listed = annotations.get(UNANSWERED)
    kept = [pair for pair in listed if isinstance(pair, dict)] if isinstance(listed, list) else []
    return [index_of(pair) for pair in kept] or None


def _has_bare(tools: object) -> bool:
    return isinstance(tools, list) and any(isinstance(tool, dict) and "function" not in tool for tool in tools)
