"""What a careful program does without our engine: `json.loads` line by line, the same figures, the same tables.

The yardstick of `engine_cpu`: it accepts and rejects the same lines, and writes Parquet with the same settings, but
names only the first fault of a line. Nothing in it is slow on purpose; it is what one would write first.

    python -m tests.benchmarks.plain_json FILE FOLDER
"""

import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from pipeline.state.lake.schemas import CONVERSATIONS, FINDINGS, TURNS

BATCH_BYTES = 4 * 2**20  # of input to a row group, as the engine does
KNOWN_ROLES = {"assistant", "user", "system", "tool", "function", "developer"}
MAY_REPEAT = {"tool", "function"}


class Rejected(ValueError):
    """The code of what is wrong with a line."""


def refuse_constant(name: str) -> float:
    """NaN and Infinity, which Python takes for numbers."""
    raise Rejected("malformed-json")


decode = json.JSONDecoder(parse_constant=refuse_constant).decode


class Table:
    """Rows of one Parquet file, written in batches."""

    def __init__(self, path: Path, schema: pa.Schema, dictionaries: list[str] | bool) -> None:
        self._writer = pq.ParquetWriter(
            path, schema, compression="snappy", use_dictionary=dictionaries, write_statistics=["line"]
        )
        self._schema = schema
        self.rows: list[tuple[Any, ...]] = []

    def flush(self) -> None:
        if self.rows:
            columns = zip(*self.rows, strict=True)
            arrays = [pa.array(values, kind) for values, kind in zip(columns, self._schema.types, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self.rows.clear()

    def close(self) -> None:
        self.flush()
        self._writer.close()


def check(line: bytes) -> dict[str, Any]:
    """The conversation on a line.

    Raises:
        Rejected: it is none.
    """
    try:
        value = decode(line.decode())
    except UnicodeDecodeError:
        raise Rejected("invalid-utf8") from None
    except RecursionError:
        raise Rejected("nesting-too-deep") from None
    except json.JSONDecodeError:
        raise Rejected("malformed-json") from None
    if not isinstance(value, dict):
        raise Rejected("not-an-object")
    if "conversation_id" not in value or "turns" not in value:
        raise Rejected("missing-field")
    if not isinstance(value["conversation_id"], str) or not isinstance(value["turns"], list):
        raise Rejected("wrong-type")
    if not value["conversation_id"]:
        raise Rejected("empty-conversation-id")
    if not value["turns"]:
        raise Rejected("empty-turns")
    for turn in value["turns"]:
        if not isinstance(turn, dict):
            raise Rejected("turn-not-an-object")
        if "role" not in turn or "content" not in turn:
            raise Rejected("missing-field")
        if not isinstance(turn["role"], str) or not isinstance(turn["content"], str):
            raise Rejected("wrong-type")
        if "\0" in turn["content"] or "\0" in turn["role"]:
            raise Rejected("nul-character")
    return value


def warnings(roles: list[str], word_counts: list[int]) -> Iterator[str]:
    """Codes of what trainers trip over."""
    if not KNOWN_ROLES.issuperset(roles):
        yield "unknown-role"
    if 0 in word_counts:
        yield "empty-content"
    if "assistant" not in roles:
        yield "no-assistant-turn"
    if any(a == b and a not in MAY_REPEAT for a, b in pairwise(roles)):
        yield "roles-not-alternating"
    if roles[-1] != "assistant":
        yield "last-turn-not-assistant"


def _without_row(schema: pa.Schema, count: int | None = None) -> pa.Schema:
    """The first columns; a line is a row here, so it needs no column of its own for that."""
    return pa.schema([each for each in schema if each.name != "row"][:count])


def profile(path: Path, folder: Path) -> dict[str, object]:
    """Read the file, write its tables to `folder`, return its figures."""
    conversations = Table(folder / "conversations.parquet", _without_row(CONVERSATIONS, 6), dictionaries=False)
    turns = Table(folder / "turns.parquet", _without_row(TURNS, 5), dictionaries=["role"])
    findings = Table(folder / "findings.parquet", _without_row(FINDINGS, 10), dictionaries=["code", "severity", "path"])
    sha256 = hashlib.sha256()
    counts: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    words_per_turn: Counter[int] = Counter()
    turns_per_conversation: Counter[int] = Counter()
    finding_counts: Counter[str] = Counter()
    first_by_id: dict[bytes, int] = {}
    first_by_turns: dict[bytes, int] = {}
    offset = batch_bytes = 0

    def find(code: str, severity: str) -> None:
        finding_counts[code] += 1
        findings.rows.append((number, offset, None, code, severity, "$", None, None, None, code))

    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            sha256.update(line)
            counts["lines"] += 1
            try:
                conversation = check(line)
                identity = conversation["conversation_id"]
                contents = [turn["content"] for turn in conversation["turns"]]
                line_roles = [turn["role"] for turn in conversation["turns"]]
                digest = xxhash.xxh3_128()
                for role, content in zip(line_roles, contents, strict=True):
                    text = content.encode()
                    digest.update(b"%b %d " % (role.encode(), len(text)))
                    digest.update(text)
                id_hash = xxhash.xxh3_128_digest(identity.encode())
            except Rejected as fault:
                if line.strip():
                    counts["rejected_lines"] += 1
                    find(str(fault), "error")
                else:
                    counts["blank_lines"] += 1
                    find("blank-line", "warning")
            except UnicodeEncodeError:
                counts["rejected_lines"] += 1
                find("lone-surrogate", "error")
            else:
                word_counts = [len(content.split()) for content in contents]
                turns_hash = digest.digest()
                roles.update(line_roles)
                words_per_turn.update(word_counts)
                turns_per_conversation[len(contents)] += 1
                for code in warnings(line_roles, word_counts):
                    find(code, "warning")
                if first_by_id.setdefault(id_hash, number) != number:
                    find("duplicate-conversation-id", "warning")
                if first_by_turns.setdefault(turns_hash, number) != number:
                    find("duplicate-conversation", "warning")
                conversations.rows.append((number, offset, identity, len(contents), sum(word_counts), turns_hash))
                turns.rows.extend(
                    (number, index, role, content, words)
                    for index, (role, content, words) in enumerate(zip(line_roles, contents, word_counts, strict=True))
                )
            offset += len(line)
            batch_bytes += len(line)
            if batch_bytes >= BATCH_BYTES:
                for table in (conversations, turns, findings):
                    table.flush()
                batch_bytes = 0
    for table in (conversations, turns, findings):
        table.close()
    words = sum(count * turn_count for count, turn_count in words_per_turn.items())
    return {
        "lines": counts["lines"],
        "blank_lines": counts["blank_lines"],
        "conversations": turns_per_conversation.total(),
        "rejected_lines": counts["rejected_lines"],
        "turns": words_per_turn.total(),
        "assistant_turns": roles["assistant"],
        "words": words,
        "tokens": round(words * 1.3),
        "roles": dict(roles),
        "words_per_turn": spread(words_per_turn),
        "turns_per_conversation": spread(turns_per_conversation),
        "duplicate_conversation_ids": finding_counts["duplicate-conversation-id"],
        "exact_duplicate_conversations": finding_counts["duplicate-conversation"],
        "content_sha256": sha256.hexdigest(),
        "finding_counts": dict(finding_counts),
    }


def spread(histogram: Counter[int]) -> dict[str, int]:
    """Minimum, nearest-rank percentiles and maximum."""
    values = sorted(histogram.elements())
    shares = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
    at = {name: values[math.ceil(share * len(values)) - 1] for name, share in shares.items()}
    return {"min": values[0], **at, "max": values[-1]}


if __name__ == "__main__":
    print(json.dumps({"figures": profile(Path(sys.argv[1]), Path(sys.argv[2]))}))
