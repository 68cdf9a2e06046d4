"""The columns of the lake's tables. Their meaning for analysts, with units, is in `state/warehouse/comments.py`."""

import pyarrow as pa

# A row's place in the upload, from 1: the number of the line, or of a JSON array the place of the row in it. It names a
# row in every table, and tables are joined by it: the rows of an array may all begin on one line.
ROW = pa.field("row", pa.int64(), nullable=False)
BYTE_OFFSET = pa.field("byte_offset", pa.int64(), nullable=False)  # of the row's first byte
# What older versions called it; `pipeline.state.lake.older_files` reads their files. Version 4 named rows, version 5
# renamed `offset`, a word of SQL, and put the parts of findings into columns.
FORMER_NAMES = {ROW.name: "line", BYTE_OFFSET.name: "offset"}

ROW_TEXT = "row_text"
"""The one column of findings that no report has: it is for questions alone."""

CONVERSATIONS = pa.schema(
    [
        ROW,
        pa.field("line", pa.int64(), nullable=False),  # 1-based line in the upload that the row begins on
        BYTE_OFFSET,
        pa.field("conversation_id", pa.string(), nullable=False),
        pa.field("turn_count", pa.int64(), nullable=False),
        pa.field("word_count", pa.int64(), nullable=False),
        pa.field("turns_hash", pa.binary(16), nullable=False),  # xxh3-128 of roles and contents, equal when they are
        pa.field("tools", pa.string()),  # JSON text, as OpenAI's tools
        pa.field("label", pa.bool_()),  # whether the answer was liked, in data of single judgements
        pa.field(
            "media", pa.string()
        ),  # JSON text of the row's fields of pictures and sounds, which stay in the upload
        pa.field("conversation_annotations", pa.string()),  # JSON text of what the upload says of it beside its turns
        # Of version 17 on; null before.
        pa.field("char_count", pa.int64()),  # of all contents
        pa.field("token_count", pa.int64()),  # as usual for its words and bytes, or counted; null for words * 1.3
        pa.field("language", pa.string()),  # ISO 639-1, where it is asked for
    ]
)
TURNS = pa.schema(
    [
        ROW,
        pa.field("line", pa.int64(), nullable=False),
        pa.field("turn_index", pa.int32(), nullable=False),  # 0-based in the conversation
        pa.field("role", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("content", pa.large_string(), nullable=False),
        pa.field("word_count", pa.int32(), nullable=False),
        pa.field("is_supervised", pa.bool_(), nullable=False),  # whether it is learned from
        pa.field("weight", pa.float64()),  # of the loss, where the upload gives one
        pa.field("tool_calls", pa.string()),  # JSON text, as OpenAI's tool_calls
        pa.field("tool_call_id", pa.string()),
        pa.field("speaker_name", pa.string()),
        pa.field("parts", pa.string()),  # JSON text of a content that is a list of parts
        pa.field("reasoning", pa.large_string()),  # what was thought before the content, where it is kept apart
        pa.field("branch", pa.dictionary(pa.int32(), pa.string())),  # chosen or rejected, in data of preferences
        pa.field("turn_annotations", pa.string()),  # JSON text of what the upload says of the turn beside its text
    ]
)
# Which conversations are for training and which for validation; near-duplicates share a cluster, and a side.
SPLITS = pa.schema(
    [
        ROW,
        pa.field("line", pa.int64(), nullable=False),
        pa.field("split", pa.dictionary(pa.int8(), pa.string()), nullable=False),  # train or validation
        pa.field("cluster", pa.int64(), nullable=False),  # the first row of its cluster
    ]
)
# What each trainer does with the dataset, one row a trainer.
ACCEPTANCE = pa.schema(
    [
        pa.field("target", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),  # accepted, accepted-with-loss, refused
        pa.field("rows_dropped", pa.int64(), nullable=False),
        pa.field("rows_truncated", pa.int64(), nullable=False),
        pa.field("needs_conversion", pa.string()),  # the format to convert to first
        pa.field("reasons", pa.string(), nullable=False),  # JSON text
    ]
)
FINDINGS = pa.schema(
    [
        ROW,
        pa.field("line", pa.int64(), nullable=False),
        BYTE_OFFSET,
        pa.field("column", pa.int64()),  # in the row, in characters from 1
        pa.field("code", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("expected", pa.string()),
        pa.field("found", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("message", pa.string(), nullable=False),  # the sentence that the parts before it make
        pa.field(ROW_TEXT, pa.string()),  # how the row of an error begins, where that is kept
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
        pa.field("format_why", pa.string(), nullable=False),
        pa.field("format_lines", pa.int64(), nullable=False),  # lines that fit it
        pa.field("container", pa.string(), nullable=False),
        pa.field("compression", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("lines", pa.int64(), nullable=False),
        pa.field("blank_lines", pa.int64(), nullable=False),
        pa.field("conversations", pa.int64(), nullable=False),
        pa.field("rejected_lines", pa.int64(), nullable=False),
        pa.field("turns", pa.int64(), nullable=False),
        pa.field("assistant_turns", pa.int64(), nullable=False),
        pa.field("answers_to_learn", pa.int64()),
        pa.field("training_pairs", pa.int64(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),
        pa.field("token_method", pa.string(), nullable=False),
        pa.field("tokens_standard_error", pa.float64()),  # 0 where every token was counted
        pa.field("tokens_by_words", pa.int64(), nullable=False),  # words * 1.3
        pa.field("avg_turns_per_conversation", pa.float64()),
        pa.field("avg_tokens_per_turn", pa.float64()),
        pa.field("duplicate_conversation_ids", pa.int64(), nullable=False),
        pa.field("exact_duplicate_conversations", pa.int64(), nullable=False),
        pa.field("near_duplicate_conversations", pa.int64()),
        pa.field("near_duplicate_clusters", pa.int64()),
        pa.field("validation_conversations", pa.int64()),
        pa.field("validation_pairs", pa.int64()),
        pa.field("findings", pa.int64(), nullable=False),  # all of them, listed in their table or not
        # JSON text from here on.
        pa.field("finding_counts", pa.string(), nullable=False),  # {code: count}
        pa.field("roles", pa.string(), nullable=False),  # {role: turns}
        pa.field("tokens_per_conversation", pa.string()),  # {min, p50, p95, p99, max}
        pa.field("rows_by_tokens", pa.string()),  # {least tokens of a quarter of a doubling: rows}
        pa.field("truncation", pa.string()),  # [{max_length, rows_cut, share_cut, rows_without_supervised_tokens}]
        pa.field("languages", pa.string()),  # {language: share of the sampled answers}
        pa.field("languages_sampled", pa.int64()),  # answers in that sample
        pa.field("length_outliers", pa.int64()),
        pa.field("finding_shares", pa.string(), nullable=False),  # {code: share of the lines}
        pa.field("target_acceptance", pa.string(), nullable=False),  # as in the table of that name
        pa.field("words_per_turn", pa.string(), nullable=False),  # {min, p50, p95, p99, max}
        pa.field("turns_per_conversation", pa.string(), nullable=False),
    ]
)
SCHEMAS: dict[str, pa.Schema] = {
    "conversations": CONVERSATIONS,
    "turns": TURNS,
    "findings": FINDINGS,
    "splits": SPLITS,
    "target_acceptance": ACCEPTANCE,
    "profiles": PROFILES,
}
