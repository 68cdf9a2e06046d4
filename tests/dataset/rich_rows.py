"""Rows that say more than texts, and the warnings of structure and tool use about them."""

import json

from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.groups import all_findings_of
from pipeline.dataset.formats.rows import BY_NAME
from pipeline.dataset.frames.frames import frames_of
from pipeline.dataset.frames.warnings import warning_groups
from pipeline.dataset.reading.columns import Columns, read_columns
from pipeline.dataset.rules.call_rules import ARGUMENT_RULES, CALL_ORDER_RULES
from pipeline.dataset.rules.content_rules import FIELD_RULES, LEARNING_RULES, WEIGHT_RULES
from pipeline.dataset.rules.role_rules import ROLE_RULES
from tests.engine_blocks import LIMITS, block_of

RULES = (*ROLE_RULES[5:], *CALL_ORDER_RULES, *WEIGHT_RULES, *ARGUMENT_RULES, *LEARNING_RULES, *FIELD_RULES)
CALL = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}]


def found(columns: Columns) -> list[Finding]:
    return all_findings_of(warning_groups(frames_of(columns), RULES))


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
