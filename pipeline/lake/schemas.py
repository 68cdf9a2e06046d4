"""The columns of the lake's tables. Their meaning for analysts, with units, is in `pipeline.warehouse.comments`."""

import pyarrow as pa

CONVERSATIONS = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),  # 1-based line in the upload
        pa.field("offset", pa.int64(), nullable=False),  # of the line's first byte
        pa.field("conversation_id", pa.string(), nullable=False),
        pa.field("turn_count", pa.int64(), nullable=False),
        pa.field("word_count", pa.int64(), nullable=False),
        pa.field("turns_hash", pa.binary(16), nullable=False),  # xxh3-128 of roles and contents, equal when they are
    ]
)
TURNS = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("turn_index", pa.int32(), nullable=False),  # 0-based in the conversation
        pa.field("role", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("content", pa.large_string(), nullable=False),
        pa.field("word_count", pa.int32(), nullable=False),
    ]
)
FINDINGS = pa.schema(
    [
        pa.field("line", pa.int64(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
    ]
)
# One row a dataset: where its rows come from, then the public report under the report's own names.
PROFILES = pa.schema(
    [
        pa.field("dataset_id", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("content_version", pa.string(), nullable=False),
        pa.field("content_sha256", pa.string()),  # hex; null when the file was refused unread
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("code_version", pa.string(), nullable=False),
        pa.field("validated_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("path", pa.string(), nullable=False),  # of the upload in the store
        pa.field("format", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("lines", pa.int64(), nullable=False),
        pa.field("blank_lines", pa.int64(), nullable=False),
        pa.field("conversations", pa.int64(), nullable=False),
        pa.field("rejected_lines", pa.int64(), nullable=False),
        pa.field("turns", pa.int64(), nullable=False),
        pa.field("assistant_turns", pa.int64(), nullable=False),
        pa.field("training_pairs", pa.int64(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),
        pa.field("token_method", pa.string(), nullable=False),
        pa.field("avg_turns_per_conversation", pa.float64()),
        pa.field("avg_tokens_per_turn", pa.float64()),
        pa.field("duplicate_conversation_ids", pa.int64(), nullable=False),
        pa.field("exact_duplicate_conversations", pa.int64(), nullable=False),
        pa.field("findings", pa.int64(), nullable=False),  # all of them, as many as rows in the table of findings
        # JSON text from here on.
        pa.field("finding_counts", pa.string(), nullable=False),  # {code: count}
        pa.field("roles", pa.string(), nullable=False),  # {role: turns}
        pa.field("words_per_turn", pa.string(), nullable=False),  # {min, p50, p95, p99, max}
        pa.field("turns_per_conversation", pa.string(), nullable=False),
    ]
)
SCHEMAS: dict[str, pa.Schema] = {
    "conversations": CONVERSATIONS,
    "turns": TURNS,
    "findings": FINDINGS,
    "profiles": PROFILES,
}
