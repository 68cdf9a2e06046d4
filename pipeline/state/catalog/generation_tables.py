"""The tables of conversations that are made: scaffolds, batches with their items, what was asked and paid, files.

`llm_calls` is the ledger: a row for each answer that was paid or may have been, never changed. Rows of scaffolds and of
versions of conversations are never changed either: an edit is another row.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from pipeline.state.catalog.tables import StorableJson, StorableText, UtcDateTime, metadata

_COUNTER = BigInteger().with_variant(Integer, "sqlite")

# user_id: '' for those of the installation, which everybody sees.
scaffolds = Table(
    "scaffolds",
    metadata,
    Column("user_id", StorableText, primary_key=True),
    Column("kind", StorableText, primary_key=True),
    Column("key", StorableText, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", StorableText, nullable=False),
    Column("tier", StorableText),
    Column("content", StorableJson, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("origin", StorableText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('persona', 'emotional_arc', 'training_topic', 'prompt_template')", name="kind"),
)

batch_jobs = Table(
    "batch_jobs",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("status", StorableText, nullable=False),
    Column("status_reason", StorableText),
    Column("plan", StorableJson, nullable=False),
    Column("scaffold_versions", StorableJson, nullable=False),
    Column("provider", StorableText, nullable=False),
    Column("model", StorableText, nullable=False),
    Column("annotating_model", StorableText),
    Column("judging_model", StorableText),
    Column("is_batched", Boolean, nullable=False),
    Column("items", Integer, nullable=False),
    Column("budget_nano_usd", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("resume_at", UtcDateTime),
    Column("refills", Integer, nullable=False, server_default="0"),
    Column("reported_at", UtcDateTime),
    CheckConstraint("status IN ('planned', 'running', 'paused', 'completed', 'cancelled')", name="status"),
)
Index("ix_batch_jobs_user_id", batch_jobs.c.user_id, batch_jobs.c.created_at.desc())
Index("ix_batch_jobs_status", batch_jobs.c.status)

llm_submissions = Table(
    "llm_submissions",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("batch_id", StorableText, ForeignKey("batch_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("purpose", StorableText, nullable=False),
    Column("provider", StorableText, nullable=False),
    Column("model", StorableText, nullable=False),
    Column("is_batched", Boolean, nullable=False),
    Column("state", StorableText, nullable=False),
    Column("state_reason", StorableText),
    Column("requests", Integer, nullable=False),
    Column("body_sha256", StorableText),
    Column("reserved_nano_usd", BigInteger, nullable=False),
    Column("external_id", StorableText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sending_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("beat_at", UtcDateTime),
    CheckConstraint(
        "state IN ('prepared', 'sending', 'doubtful', 'asking', 'sent', 'ended', 'ingested', 'refused', 'aside')",
        name="state",
    ),
    CheckConstraint("purpose IN ('generate', 'annotate', 'judge')", name="purpose"),
    UniqueConstraint("provider", "external_id", name="uq_llm_submissions_external_id"),
)
IS_OPEN = llm_submissions.c.state.in_(("sending", "doubtful", "asking", "sent", "ended"))
"""Money is reserved for it."""
_IS_SENDING = llm_submissions.c.state == "sending"
# An unknown batch at a provider has one possible father: nobody else is sending there.
Index(
    "uq_llm_submissions_sending",
    llm_submissions.c.provider,
    unique=True,
    sqlite_where=_IS_SENDING,
    postgresql_where=_IS_SENDING,
)
Index("ix_llm_submissions_batch_id", llm_submissions.c.batch_id, llm_submissions.c.state)

batch_items = Table(
    "batch_items",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("batch_id", StorableText, ForeignKey("batch_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("persona", StorableText, nullable=False),
    Column("arc", StorableText, nullable=False),
    Column("topic", StorableText, nullable=False),
    Column("template", StorableText, nullable=False),
    Column("tier", StorableText, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("opening", StorableText, nullable=False),
    Column("situation", StorableText, nullable=False),
    Column("refill_of", Integer),
    Column("avoided_openings", StorableJson),
    Column("draw", Integer, nullable=False, server_default="0"),
    Column("state", StorableText, nullable=False),
    Column("state_reason", StorableText),
    Column("submission_id", StorableText, ForeignKey("llm_submissions.id")),
    Column("asked_at", UtcDateTime),
    Column("bound_nano_usd", BigInteger),
    Column("request_count", Integer),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint(
        "state IN ('planned', 'written', 'annotated', 'judged', 'accepted', 'rejected', 'failed', 'needs_review')",
        name="state",
    ),
    UniqueConstraint("batch_id", "number", name="uq_batch_items_batch_id"),
)
Index("ix_batch_items_state", batch_items.c.batch_id, batch_items.c.state)
Index("ix_batch_items_submission_id", batch_items.c.submission_id)

llm_calls = Table(
    "llm_calls",
    metadata,
    Column("id", _COUNTER, primary_key=True),
    Column("submission_id", StorableText, ForeignKey("llm_submissions.id"), nullable=False),
    Column("custom_id", StorableText, nullable=False),
    Column("item_id", StorableText, ForeignKey("batch_items.id"), nullable=False),
    Column("batch_id", StorableText, ForeignKey("batch_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("purpose", StorableText, nullable=False),
    Column("provider", StorableText, nullable=False),
    Column("model", StorableText, nullable=False),
    Column("outcome", StorableText, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("cache_read_tokens", BigInteger),
    Column("cost_nano_usd", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint(
        "outcome IN ('succeeded', 'truncated', 'refused', 'errored', 'expired', 'canceled', 'unknown')", name="outcome"
    ),
    UniqueConstraint("submission_id", "custom_id", name="uq_llm_calls_submission_id"),
)
Index("ix_llm_calls_batch_id", llm_calls.c.batch_id, llm_calls.c.cost_nano_usd)
Index("ix_llm_calls_item_id", llm_calls.c.item_id)

failed_generations = Table(
    "failed_generations",
    metadata,
    Column("id", _COUNTER, primary_key=True),
    Column("item_id", StorableText, ForeignKey("batch_items.id"), nullable=False),
    Column("batch_id", StorableText, ForeignKey("batch_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("submission_id", StorableText, ForeignKey("llm_submissions.id")),
    Column("draw", Integer, nullable=False),
    Column("purpose", StorableText, nullable=False),
    Column("failure_type", StorableText, nullable=False),
    Column("detail", StorableText, nullable=False),
    Column("stop_reason", StorableText),
    Column("raw_response", StorableText),
    Column("model", StorableText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint(
        "failure_type IN ('truncation', 'parse_error', 'validation_error', 'refusal', 'api_error', 'unknown')",
        name="failure_type",
    ),
    UniqueConstraint("item_id", "submission_id", name="uq_failed_generations_item_id"),
)
Index("ix_failed_generations_batch_id", failed_generations.c.batch_id)

generated_conversations = Table(
    "generated_conversations",
    metadata,
    Column("id", StorableText, ForeignKey("batch_items.id"), primary_key=True),
    Column("batch_id", StorableText, ForeignKey("batch_jobs.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("title", StorableText, nullable=False),
    Column("persona", StorableText, nullable=False),
    Column("arc", StorableText, nullable=False),
    Column("topic", StorableText, nullable=False),
    Column("tier", StorableText, nullable=False),
    Column("status", StorableText, nullable=False),
    Column("status_reason", StorableText),
    Column("enrichment_status", StorableText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("score", Float),
    Column("quality_tier", StorableText),
    Column("split", StorableText),
    Column("turn_count", Integer, nullable=False),
    Column("finding_codes", StorableJson, nullable=False),
    Column("is_judgement_stale", Boolean, nullable=False, server_default="0"),
    Column("reviewed_by", StorableText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("status IN ('pending', 'accepted', 'rejected', 'failed', 'needs_review')", name="status"),
    CheckConstraint(
        "enrichment_status IN ('not_started', 'enrichment_in_progress', 'completed')", name="enrichment_status"
    ),
)
Index(
    "ix_generated_conversations_listed",
    generated_conversations.c.user_id,
    generated_conversations.c.created_at.desc(),
    generated_conversations.c.id,
    generated_conversations.c.status,
)
Index("ix_generated_conversations_batch_id", generated_conversations.c.batch_id, generated_conversations.c.status)

conversation_versions = Table(
    "conversation_versions",
    metadata,
    Column("conversation_id", StorableText, ForeignKey("generated_conversations.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("source", StorableText, nullable=False),
    Column("author", StorableText, nullable=False),
    Column("content", StorableJson, nullable=False),
    Column("raw", StorableText),
    Column("findings", StorableJson, nullable=False),
    Column("judgement", StorableJson),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("source IN ('model', 'person')", name="source"),
)

conversation_reviews = Table(
    "conversation_reviews",
    metadata,
    Column("id", _COUNTER, primary_key=True),
    Column("conversation_id", StorableText, ForeignKey("generated_conversations.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("reviewer", StorableText, nullable=False),
    Column("action", StorableText, nullable=False),
    Column("note", StorableText),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("action IN ('approve', 'reject', 'edit')", name="action"),
)
Index("ix_conversation_reviews_conversation_id", conversation_reviews.c.conversation_id)

training_files = Table(
    "training_files",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("query", StorableJson, nullable=False),
    Column("conversation_count", Integer, nullable=False),
    Column("total_training_pairs", Integer, nullable=False),
    Column("files_uri", StorableText, nullable=False),
    Column("files", StorableJson, nullable=False),
    Column("content_sha256", StorableText, nullable=False),
    Column("cost_nano_usd", BigInteger, nullable=False),
    Column("dataset_id", StorableText, ForeignKey("datasets.id")),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "name", "version", name="uq_training_files_user_id"),
)

training_file_conversations = Table(
    "training_file_conversations",
    metadata,
    Column("training_file_id", StorableText, ForeignKey("training_files.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("conversation_id", StorableText, ForeignKey("generated_conversations.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("told", StorableJson, nullable=False),
    Column("user_id", StorableText, nullable=False),
)
Index("ix_training_file_conversations_conversation_id", training_file_conversations.c.conversation_id)
