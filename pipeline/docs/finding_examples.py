"""For each code of the catalogue a small file that triggers it, shown in docs/findings.md; a test profiles each one."""

from pipeline.dataset.model.conversation import MAX_NESTING, Limits
from pipeline.dataset.profiles.budget import Budget
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.docs.example import Example
from pipeline.docs.more_finding_examples import (
    BESIDE_EXAMPLES,
    FORMAT_EXAMPLES,
    NEAR_EXAMPLES,
    PAIR_EXAMPLES,
    QUALITY_EXAMPLES,
    TOOL_SHAPE_EXAMPLES,
)


def _line(text: str) -> Example:
    return Example(f"{text}\n".encode())


_GREETING = '{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi!"}'
_VALID = f'{{"conversation_id": "c-1", "turns": [{_GREETING}]}}'
_SHORT_LINES = Rules(Limits(max_line_bytes=80))
_NO_TIME = Rules(budget=Budget(s_per_mb=0, free_s=-1))
_FEW_VALUES = Rules(Limits(max_values=40))
_DEEP = "[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1)

EXAMPLES: dict[str, Example] = {
    "empty-file": Example(b"", "a file of 0 bytes", abridged="(nothing)"),
    "no-conversations": Example(b"\n\n", "two blank lines", abridged="\n"),
    "binary-file": Example(b"%PDF-1.7\n", "a PDF begins like this"),
    "utf16-file": Example(f"{_VALID}\n".encode("utf-16"), abridged='\\xff\\xfe{\\x00"\\x00c\\x00o\\x00n\\x00…'),
    "upload-too-large": Example(b"", "an upload larger than `LORA_MAX_UPLOAD_BYTES`", abridged="(not read)"),
    "takes-too-long": Example(f"{_VALID}\n".encode(), "none is known", rules=_NO_TIME, abridged="(read in part)"),
    "upload-missing": Example(b"", "an upload that was removed before its run began", abridged="(gone)"),
    "upload-changed": Example(b"", "an upload that was overwritten before its run began", abridged="(other bytes)"),
    "bad-manifest": Example(b"", "a `data.shards.json` of another form", abridged='["part-1.jsonl", "part-2.jsonl"]'),
    "shard-missing": Example(b"", "a manifest whose second shard was removed", abridged="(gone)"),
    "shard-changed": Example(
        b"", "a manifest whose shards were overwritten before its run began", abridged="(other bytes)"
    ),
    "line-too-long": Example(f"{_VALID}\n".encode(), "with `--max-line-bytes 80`", rules=_SHORT_LINES),
    "invalid-utf8": Example(_VALID.replace("Hi!", "Café?").encode("latin-1") + b"\n", "saved as Latin-1"),
    "malformed-json": _line('{"conversation_id": "c-1", "turns": [{"role": "user", "content": "Hello"},]}'),
    "too-many-values": Example(
        f'{{"conversation_id": "c-1", "turns": [{_GREETING}], "tags": [{"[]," * 20}[]]}}\n'.encode(),
        "with more than a million of `[]` in it",
        rules=_FEW_VALUES,
        abridged=f'{{"conversation_id": "c-1", "turns": [{_GREETING}], "tags": [[],[],[],…]}}',
    ),
    "nesting-too-deep": Example(
        f'{{"conversation_id": "c-1", "turns": [{_GREETING}], "tags": {_DEEP}}}\n'.encode(),
        f"{MAX_NESTING + 1} arrays inside one another",
        abridged=f'{{"conversation_id": "c-1", "turns": [{_GREETING}], "tags": [[[[[[…]]]]]]}}',
    ),
    "lone-surrogate": _line(_VALID.replace("Hi!", "Hi \\ud83d")),
    "not-an-object": _line('["c-1", "Hello", "Hi!"]'),
    "missing-field": _line(_VALID.replace('"role": "user", ', "")),
    "wrong-type": _line(_VALID.replace('"Hi!"', "42")),
    "empty-conversation-id": _line(_VALID.replace("c-1", "")),
    "empty-turns": _line('{"conversation_id": "c-1", "turns": []}'),
    "turn-not-an-object": _line('{"conversation_id": "c-1", "turns": ["Hello", "Hi!"]}'),
    "nul-character": _line(_VALID.replace("Hi!", "Hi!\\u0000")),
    "byte-order-mark": Example(b"\xef\xbb\xbf" + f"{_VALID}\n".encode()),
    "blank-line": Example(f"{_VALID}\n\n{_VALID.replace('c-1', 'c-2').replace('Hello', 'Hey')}\n".encode()),
    "no-final-newline": Example(_VALID.encode(), "a file that ends right after the last `}`"),
    "unknown-role": _line(_VALID.replace("user", "human")),
    "empty-content": _line(_VALID.replace("Hi!", "")),
    "no-assistant-turn": _line('{"conversation_id": "c-1", "turns": [{"role": "user", "content": "Hello?"}]}'),
    "roles-not-alternating": _line(
        _VALID.replace('{"role": "user"', '{"role": "user", "content": "Hm"}, {"role": "user"')
    ),
    "last-turn-not-assistant": _line(_VALID.replace("]}", ', {"role": "user", "content": "Bye"}]}')),
    "duplicate-conversation-id": Example(f"{_VALID}\n{_VALID.replace('Hello', 'Hey')}\n".encode()),
    "duplicate-conversation": Example(f"{_VALID}\n{_VALID.replace('c-1', 'c-2')}\n".encode()),
    **FORMAT_EXAMPLES,
    **TOOL_SHAPE_EXAMPLES,
    **BESIDE_EXAMPLES,
    **PAIR_EXAMPLES,
    **QUALITY_EXAMPLES,
    **NEAR_EXAMPLES,
}
