"""What analysts read beside tables and columns: meanings, units, what NULL says. Written as DuckDB comments.

Those of training jobs are in `job_comments.py`, of their trainings in `attempt_comments.py`, of conversations that are
made in `generation_comments.py`, of history in `history_comments.py`.

SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'turns'
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import duckdb

from pipeline.state.catalog.export import TABLE_NAMES
from pipeline.state.catalog.tables import metadata
from pipeline.state.warehouse.attempt_comments import ATTEMPT_COLUMNS, ATTEMPT_TABLES
from pipeline.state.warehouse.generation_comments import GENERATION_COLUMNS, GENERATION_TABLES
from pipeline.state.warehouse.history import HISTORY_VIEWS
from pipeline.state.warehouse.history_comments import HISTORY_COLUMNS, HISTORY_TABLES
from pipeline.state.warehouse.job_comments import JOB_COLUMNS, JOB_TABLES, TRIES
from pipeline.state.warehouse.lineage import LINEAGE_VIEWS
from pipeline.state.warehouse.nested import NESTED
from pipeline.state.warehouse.sql import identifier, text
from pipeline.state.warehouse.views import RENAMED, VIEWS
from pipeline.wording import moment

TABLES = {
    "datasets": "One row a version of an uploaded file, as the catalog knew it when the warehouse was published.",
    "notifications": "What the owners of datasets were told.",
    "ignored_files": "One row a file of the store that became no dataset, and why.",
    "dataset_profiles": "One row a dataset that has a verdict: the whole report, as validation wrote it to the lake.",
    "lineage": "One row a dataset and file of the lake: from the upload over its content and the run to the file.",
    "folded_datasets": "One row a dataset and folded file of the lake that has its rows: which attempt they are of.",
    "conversations": "One row a conversation of the current datasets that are ready.",
    "turns": "One row a turn of those conversations, with its text.",
    "splits": "One row such a conversation: whether it is for training or for validation.",
    "target_acceptance": "One row a dataset and trainer: whether the trainer accepts the dataset, and why not.",
    "findings": "One row a finding of the current datasets, of a line or a whole file; the first 10,000 of a code.",
    **JOB_TABLES,
    **ATTEMPT_TABLES,
    **GENERATION_TABLES,
    **HISTORY_TABLES,
}

_DATASET_ID = "The dataset: datasets.id."
_SHA256 = "SHA-256 of the file, in hex; NULL when the file was refused unread."
_ROW = "The row's place in the upload, counted from 1: its line, or of a JSON array its place in it; joins the tables."
_LINE = "Line of the upload that the row begins on, counted from 1, as an editor counts; rows of an array may share it."
_BYTE_OFFSET = "Bytes before the first byte of the row."
_RUN_ID = "The Dagster run that validated it."
_TOKEN_METHOD = "How tokens were estimated."  # noqa: S105  # not a password
_WORDS = "Words: pieces of text between white space."
_CONTENT_VERSION = "Which bytes these are: etag:… or sha256:…."

COLUMNS = {
    "datasets": {
        "id": "The dataset.",
        "user_id": "Its owner.",
        "name": "Its name, as the owner sees it.",
        "description": "The owner's own words; NULL without any.",
        "format": "The format of its lines; NULL until validated.",
        "status": "uploading, validating, ready, error, or failed: it could not be validated, and is tried again.",
        "storage_bucket": "The store's bucket, or local.",
        "storage_path": "The upload's place in the store.",
        "file_name": "The file's name, as uploaded.",
        "file_size": "Bytes.",
        "total_training_pairs": "Turns, as the replaced system counted; NULL until validated.",
        "total_validation_pairs": "Turns held out for validation; NULL until split.",
        "total_tokens": "Estimated tokens (see token_method); NULL until validated.",
        "training_ready": "Whether training jobs may use it.",
        "validated_at": "When its verdict was written (UTC); NULL until then.",
        "validation_errors": "The first 10 errors, with line numbers; more are in findings.",
        "sample_data": "JSON: the first 3 conversations, long text cut.",
        "avg_turns_per_conversation": "Mean; NULL without conversations.",
        "avg_tokens_per_turn": "Mean of estimated tokens; NULL without turns.",
        "created_at": "When it was registered (UTC).",
        "updated_at": "When its row last changed (UTC).",
        "deleted_at": "When its owner deleted it (UTC); NULL if not.",
        "content_version": _CONTENT_VERSION,
        "content_sha256": _SHA256,
        "line_count": "Lines of the file, blank ones too; NULL until validated.",
        "rejected_line_count": "Lines with errors; NULL until validated.",
        "conversation_count": "Valid conversations; NULL until validated.",
        "token_method": _TOKEN_METHOD,
        "run_id": _RUN_ID,
        "observed_version": "What the store showed last: a hint at changes, not an identity.",
        "superseded_by": "The dataset that took its place in the store: datasets.id; NULL while it is current.",
        "requested_at": "When a run was last asked for (UTC).",
        "attempt": "Tries that came to nothing since it waits for a verdict.",
        "failure": "Why the last try came to nothing; the next verdict clears it.",
        **TRIES,
        "mapping": "How its fields are read, where its owner says so: JSON, or auto; else NULL.",
        "replaces": "The dataset whose next version this is, which was deleted when this one was ready; else NULL.",
        "answers_to_learn": "Answers that training learns from; NULL until validated.",
        "planned_run_id": "The run whose verdict its default training jobs are planned for; NULL until then.",
        "partition_key": "Its partition in Dagster: its id, or a batch; NULL until a run is asked for.",
    },
    "notifications": {
        "id": "Counts up.",
        "user_id": "Who was told.",
        "dataset_id": "The dataset: datasets.id; NULL where it is about none.",
        "kind": "What happened: dataset_ready, training_failed, generation_paused, …",
        "dedupe_key": "Tells occasions of one kind apart, so that none is told twice.",
        "title": "A few words.",
        "message": "A sentence.",
        "created_at": "When it was sent (UTC).",
        "read_at": "When it was read (UTC); NULL if not yet.",
        "webhook_attempt": "How often it was tried to send it to LORA_WEBHOOK_URL.",
        "webhook_due_at": "When that is tried again (UTC), if it did not arrive.",
        "webhook_sent_at": "When it arrived there (UTC); NULL if it did not.",
        "job_id": "The training job that it is about: training_jobs.id; else NULL.",
        "batch_id": "The batch of conversations that it is about: batch_jobs.id; else NULL.",
    },
    "ignored_files": {
        "key": "Where it lies in the store; what cannot be printed is escaped: \\xNN, \\u{N} and \\\\.",
        "user_id": "Whose folder that is; NULL where it is nobody's.",
        "reason": "A code: lora-pipeline datasets ignored says it in words.",
        "size_bytes": "Bytes; NULL for a folder and what is no file.",
        "modified_at": "When it was changed last (UTC); NULL where that cannot be seen.",
        "first_seen_at": "When it was first seen (UTC).",
        "told_at": "When its owner was told (UTC); NULL if not.",
        "gone_at": "When it was there no more (UTC); NULL while it is there.",
    },
    "dataset_profiles": {
        "dataset_id": _DATASET_ID,
        "user_id": "Its owner.",
        "content_version": _CONTENT_VERSION,
        "content_sha256": _SHA256,
        "run_id": _RUN_ID,
        "code_version": "The version of the validating code.",
        "validated_at": "When it was validated (UTC).",
        "path": "The upload's place in the store.",
        "format": "The format of its lines.",
        "format_why": "What says so.",
        "format_lines": "Lines that fit it.",
        "container": "How the rows stand in the file: jsonl, json-array, json-objects, json-field, csv, parquet, "
        "pairs or messages.",
        "compression": "none, gzip, zstd, zip or tar.",
        "status": "ready or error.",
        "bytes": "Bytes read.",
        "lines": "Lines read: conversations + rejected_lines + blank_lines.",
        "blank_lines": "Lines of white space.",
        "conversations": "Valid conversations.",
        "rejected_lines": "Lines with errors.",
        "turns": "Turns of all valid conversations.",
        "assistant_turns": "Turns of the role assistant.",
        "answers_to_learn": "Turns that are learned from, and say or call something.",
        "training_pairs": "Turns, as the replaced system counted.",
        "words": _WORDS,
        "tokens": "Estimated tokens (see token_method).",
        "token_method": _TOKEN_METHOD,
        "tokens_standard_error": "Of tokens; 0 where all were counted, NULL for words*1.3 or too few conversations.",
        "tokens_by_words": "Words times 1.3, the coarse estimate.",
        "avg_turns_per_conversation": "Mean; NULL without conversations.",
        "avg_tokens_per_turn": "Mean of estimated tokens; NULL without turns.",
        "duplicate_conversation_ids": "Conversations whose id an earlier one has.",
        "exact_duplicate_conversations": "Conversations whose turns an earlier one has, word for word.",
        "near_duplicate_conversations": "Conversations that nearly repeat an earlier one.",
        "near_duplicate_clusters": "Groups of conversations that are nearly alike.",
        "validation_conversations": "Conversations set aside for validation (see splits).",
        "validation_pairs": "Their turns.",
        "findings": "Findings of every severity, also those that are counted and not listed in findings.",
        "finding_counts": "Findings by code.",
        "roles": "Turns by role.",
        "tokens_per_conversation": "Min, p50, p95, p99 and max of tokens a conversation.",
        "rows_by_tokens": "Rows by their tokens with what a template adds; least of each quarter of a doubling.",
        "truncation": "For each max_length the rows cut, and those left without a token to learn from.",
        "languages": "Share of the sampled answers by language.",
        "languages_sampled": "How many answers were sampled for that.",
        "length_outliers": "Conversations far longer or shorter than the rest; NULL for too few to say.",
        "finding_shares": "Share of the lines with each code.",
        "target_acceptance": "What each trainer does with it; one row a trainer in target_acceptance.",
        "words_per_turn": "Min, p50, p95, p99 and max of words a turn.",
        "turns_per_conversation": "Min, p50, p95, p99 and max of turns a conversation.",
        "is_current": "Neither superseded nor deleted: its rows are in conversations, turns and findings.",
        "lake_version": "Version of the profile's file; by it the next publication knows what is new.",
    },
    "lineage": {
        "dataset_id": _DATASET_ID,
        "user_id": "Its owner.",
        "storage_path": "The upload's place in the store.",
        "content_version": _CONTENT_VERSION,
        "content_sha256": _SHA256,
        "run_id": "The Dagster run that wrote the file.",
        "code_version": "The version of the code that wrote the file.",
        "table_name": "The lake's table.",
        "uri": "The Parquet file of the dataset's own, which stays when its rows are folded: a path or s3://….",
    },
    "folded_datasets": {
        "fold_id": "The folded file, below folded/ in the lake; of two with the same rows, the later one counts.",
        "dataset_id": _DATASET_ID,
        "run_id": "The Dagster run of the attempt that the rows are of.",
        "validated_at": "When that attempt read the upload.",
        "is_shown": "Whether views have the dataset's rows out of it; else out of another one or the dataset's own "
        "files, or not at all.",
    },
    "conversations": {
        "dataset_id": _DATASET_ID,
        "row": _ROW,
        "line": _LINE,
        "byte_offset": _BYTE_OFFSET,
        "conversation_id": "As given in the upload; may repeat.",
        "turn_count": "Turns.",
        "word_count": _WORDS,
        "turns_hash": "xxh3-128 of roles and contents: equal for conversations that are.",
        "tools": "JSON: the tools that the conversation may call, as OpenAI's tools; NULL without any.",
        "label": "Whether the answer was liked, in data of single judgements; else NULL.",
        "media": "JSON: the row's fields of pictures and sounds, which no job of text uses; NULL without any.",
        "conversation_annotations": "JSON: what the upload says of the conversation beside its turns, such as its "
        "scaffold; NULL without any.",
        "char_count": "Characters of all its contents; NULL of what versions before 17 wrote.",
        "token_count": "Tokens: as usual for its words and bytes, or counted where all are; their sum is near "
        "dataset_profiles.tokens, which is of a counted sample. NULL for words*1.3, and before version 17.",
        "language": "Of its longest answer, by ISO 639-1; NULL without LORA_CONVERSATION_LANGUAGES or letters enough.",
    },
    "turns": {
        "dataset_id": _DATASET_ID,
        "row": _ROW,
        "line": _LINE,
        "turn_index": "Position in the conversation, counted from 0.",
        "role": "Who speaks: user, assistant, system, or what the upload says.",
        "content": "The text.",
        "word_count": _WORDS,
        "is_supervised": "Whether it is learned from.",
        "weight": "Its weight in the loss, where the upload gives one.",
        "tool_calls": "JSON: the calls, as OpenAI's tool_calls; NULL without any.",
        "tool_call_id": "The call that it answers.",
        "speaker_name": "The speaker's or the tool's name, where the upload gives one.",
        "parts": "JSON: the content as the upload has it, where it is a list of parts.",
        "reasoning": "What was thought before the content, where the upload keeps it apart; NULL without any.",
        "branch": "chosen or rejected, in data of preferences; else NULL.",
        "turn_annotations": "JSON: what the upload says of the turn beside its text, such as emotions and scores; NULL "
        "without any.",
    },
    "splits": {
        "dataset_id": _DATASET_ID,
        "row": _ROW,
        "line": _LINE,
        "split": "train or validation.",
        "cluster": "The first row of its cluster of near-duplicates, which are always on one side.",
    },
    "target_acceptance": {
        "dataset_id": _DATASET_ID,
        "target": "The trainer.",
        "verdict": "accepted, accepted-with-loss or refused.",
        "rows_dropped": "Rows that it leaves out.",
        "rows_truncated": "Rows that it cuts.",
        "needs_conversion": "The format to convert the file to first; NULL where it reads it as it is.",
        "reasons": "Rule, effect, count, first_lines (of an array, its rows) and sentence of each reason.",
    },
    "findings": {
        "dataset_id": _DATASET_ID,
        "row": _ROW,
        "line": _LINE,
        "byte_offset": _BYTE_OFFSET,
        "column_number": "Where in the row the fault is, in characters from 1; NULL where the path tells.",
        "code": "What kind of finding; the catalogue of findings explains each.",
        "severity": "error (the line, or the file, is rejected), warning, or note (worth a look).",
        "path": "JSON path inside the row.",
        "expected": "What should be there; NULL in what versions before 5 wrote, which is a message alone.",
        "found": "What is there instead, alike for alike faults; NULL where expected says enough.",
        "detail": "What else there is to say: a place in the text, a likely cause, further places.",
        "message": "All of it in one sentence, with what to do.",
        "row_text": "Of an error: how the rejected row begins, LORA_REJECTED_TEXT_CHARS characters at most; else NULL.",
    },
    **JOB_COLUMNS,
    **ATTEMPT_COLUMNS,
    **GENERATION_COLUMNS,
    **HISTORY_COLUMNS,
}


# No view has a key that DuckDB would know, nor a table that is made by a query: what names a row is told beside it.
KEYS = {
    **{name: tuple(metadata.tables[name].primary_key.columns.keys()) for name in TABLE_NAMES},
    "dataset_profiles": ("dataset_id",),
    "lineage": ("dataset_id", "table_name"),
    "folded_datasets": ("fold_id", "dataset_id"),
    "conversations": ("dataset_id", "row"),
    "turns": ("dataset_id", "row", "turn_index"),
    "splits": ("dataset_id", "row"),
    "target_acceptance": ("dataset_id", "target"),
    "current_costs": ("cost_id",),
    "daily_uploads": ("day", "user_id"),
    "finding_trends": ("day", "code"),
    "profile_figures": ("dataset_id",),
}
# Where the lake's name of something differs from the warehouse's.
_TABLES_OF_WAREHOUSE = {"profiles": "dataset_profiles"}


def lake_column(table: str, column: str) -> str:
    """What a column of the lake means.

    >>> lake_column("findings", "column")
    'Where in the row the fault is, in characters from 1; NULL where the path tells.'
    """
    owner = _TABLES_OF_WAREHOUSE.get(table, table)
    meaning = COLUMNS[owner][RENAMED.get(column, column)]
    return f"JSON: {meaning}" if column in NESTED.get(owner, ()) else meaning


def table_comment(table: str) -> str:
    """What a table or view holds, and which columns name a row of it."""
    key = f" Key: {', '.join(KEYS[table])}." if table in KEYS else ""
    return f"{TABLES[table]}{key}"


def write_comments(connection: duckdb.DuckDBPyConnection, now: datetime, tables: Iterable[str] = tuple(TABLES)) -> None:
    """Write the comments of some tables, or of all; that of `datasets` says when the warehouse was published."""
    published = f" Published {moment(now.astimezone(UTC), seconds=True)}."
    for table in tables:
        kind = "VIEW" if table in {*VIEWS, *LINEAGE_VIEWS, *HISTORY_VIEWS} else "TABLE"
        suffix = published if table == "datasets" else ""
        connection.execute(f"COMMENT ON {kind} {identifier(table)} IS {text(table_comment(table) + suffix)}")
        for column, meaning in COLUMNS[table].items():
            connection.execute(f"COMMENT ON COLUMN {identifier(table)}.{identifier(column)} IS {text(meaning)}")
