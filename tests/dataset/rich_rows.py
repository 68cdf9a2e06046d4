"""Rows that say more than texts, and the warnings of structure and tool use about them."""

import json

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.reading.columns import Columns, read_columns
from pipeline.dataset.structure.structure import STRUCTURE
from pipeline.dataset.structure.tool_use import TOOL_USE
from tests.engine_blocks import LIMITS, block_of

CALL = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}]


def found(columns: Columns) -> list[Finding]:
    rules = (*STRUCTURE, *TOOL_USE) if columns.ids else ()
    return all_findings_of(group for rule in rules for group in rule(columns))


def codes(columns: Columns) -> list[tuple[int, str, str]]:
    return [(f.line, f.code, f.path) for f in found(columns)]


def rich(*rows: dict[str, object], form: str = "openai") -> Columns:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return read_columns(block_of(data), LIMITS, BY_NAME[form])[1]


def chat(*messages: dict[str, object]) -> list[tuple[str, str]]:
    return [(code, path) for _, code, path in codes(rich({"messages": list(messages)}))]


def said(role: str, content: object = "words", **fields: object) -> dict[str, object]:
    return {"role": role, "content": content, **fields}


def called(**function: object) -> dict[str, object]:
    return {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", **function}}]}
