"""Conversations that are made: scaffolds, batches, what was asked and paid, versions, training files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.state.catalog.migrations.changes import SEES_ALL, add_reference, allow, secure_rows

revision = "0012"
down_revision = "0011"

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OLD_KINDS = (
    "kind IN ('dataset_ready', 'dataset_error', 'upload_expired', 'run_failed', 'training_jobs_ready', "
    "'training_jobs_stale', 'upload_ignored', 'training_queued', 'training_started', 'training_completed', "
    "'training_failed', 'training_cancelled', 'training_lost', 'model_ready', 'budget_reached')"
)
_KINDS = (
    f"{_OLD_KINDS[:-1]}, 'generation_started', 'generation_paused', 'generation_completed', "
    "'generation_cancelled', 'training_file_ready')"
)
_OWNED_TABLES = (
    "batch_jobs",
    "llm_submissions",
    "batch_items",
    "llm_calls",
    "failed_generations",
    "generated_conversations",
    "conversation_versions",
    "conversation_reviews",
    "training_files",
    "training_file_conversations",
)


def upgrade() -> None:
    _create_scaffolds()
    _create_batch_jobs()
    _create_llm_submissions()
    _create_batch_items()
    _create_llm_calls()
    _create_failed_generations()
    _create_generated_conversations()
    _create_conversation_versions()
    _create_conversation_reviews()
    _create_training_files()
    _create_training_file_conversations()
    allow("notifications", "kind", _OLD_KINDS, _KINDS)
    add_reference("notifications", "batch_id", "batch_jobs")
    if op.get_bind().dialect.name == "postgresql":
        for table in _OWNED_TABLES:
            secure_rows(table)
        _secure_scaffolds()


def _secure_scaffolds() -> None:
    """Those of the installation belong to nobody: everybody sees them, only the pipeline changes them."""
    owns = "user_id = current_setting('lora.user_id', true)"
    op.execute("ALTER TABLE scaffolds ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE scaffolds FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY owner_or_everybody ON scaffolds USING ({SEES_ALL} OR {owns} OR user_id = '') "
        f"WITH CHECK ({SEES_ALL} OR {owns})"
    )


def _create_scaffolds() -> None:
    op.create_table(
        "scaffolds",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tier", sa.Text),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('persona', 'emotional_arc', 'training_topic', 'prompt_template')", name=op.f("ck_scaffolds_kind")
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", "key", "version", name=op.f("pk_scaffolds")),
    )


def _create_batch_jobs() -> None:
    op.create_table(
        "batch_jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_reason", sa.Text),
        sa.Column("plan", _JSON, nullable=False),
        sa.Column("scaffold_versions", _JSON, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("annotating_model", sa.Text),
        sa.Column("judging_model", sa.Text),
        sa.Column("is_batched", sa.Boolean, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("budget_nano_usd", sa.BigInteger, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("resume_at", _MOMENT),
        sa.Column("refills", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reported_at", _MOMENT),
        sa.CheckConstraint(
            "status IN ('planned', 'running', 'paused', 'completed', 'cancelled')", name=op.f("ck_batch_jobs_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_jobs")),
    )
    op.create_index("ix_batch_jobs_user_id", "batch_jobs", ["user_id", sa.text("created_at DESC")])
    op.create_index("ix_batch_jobs_status", "batch_jobs", ["status"])


def _create_llm_submissions() -> None:
    op.create_table(
        "llm_submissions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("is_batched", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("body_sha256", sa.Text),
        sa.Column("reserved_nano_usd", sa.BigInteger, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("sending_at", _MOMENT),
        sa.Column("sent_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("beat_at", _MOMENT),
        sa.CheckConstraint("purpose IN ('generate', 'annotate', 'judge')", name=op.f("ck_llm_submissions_purpose")),
        sa.CheckConstraint(
            "state IN ('prepared', 'sending', 'doubtful', 'asking', 'sent', 'ended', 'ingested', 'refused', 'aside')",
            name=op.f("ck_llm_submissions_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_submissions")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch_jobs.id"], name=op.f("fk_llm_submissions_batch_id")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_llm_submissions_external_id")),
    )
    is_sending = sa.text("state = 'sending'")
    op.create_index(
        "uq_llm_submissions_sending",
        "llm_submissions",
        ["provider"],
        unique=True,
        sqlite_where=is_sending,
        postgresql_where=is_sending,
    )
    op.create_index("ix_llm_submissions_batch_id", "llm_submissions", ["batch_id", "state"])


def _create_batch_items() -> None:
    op.create_table(
        "batch_items",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("persona", sa.Text, nullable=False),
        sa.Column("arc", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sa.Column("opening", sa.Text, nullable=False),
        sa.Column("situation", sa.Text, nullable=False),
        sa.Column("refill_of", sa.Integer),
        sa.Column("avoided_openings", _JSON),
        sa.Column("draw", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("submission_id", sa.Text),
        sa.Column("asked_at", _MOMENT),
        sa.Column("bound_nano_usd", sa.BigInteger),
        sa.Column("request_count", sa.Integer),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'written', 'annotated', 'judged', 'accepted', 'rejected', 'failed', 'needs_review')",
            name=op.f("ck_batch_items_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_items")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch_jobs.id"], name=op.f("fk_batch_items_batch_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["llm_submissions.id"], name=op.f("fk_batch_items_submission_id")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_batch_items_batch_id")),
    )
    op.create_index("ix_batch_items_state", "batch_items", ["batch_id", "state"])
    op.create_index("ix_batch_items_submission_id", "batch_items", ["submission_id"])


def _create_llm_calls() -> None:
    op.create_table(
        "llm_calls",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("submission_id", sa.Text, nullable=False),
        sa.Column("custom_id", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("cache_write_tokens", sa.BigInteger),
        sa.Column("cache_read_tokens", sa.BigInteger),
        sa.Column("cost_nano_usd", sa.BigInteger, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('succeeded', 'truncated', 'refused', 'errored', 'expired', 'canceled', 'unknown')",
            name=op.f("ck_llm_calls_outcome"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_calls")),
        sa.ForeignKeyConstraint(["submission_id"], ["llm_submissions.id"], name=op.f("fk_llm_calls_submission_id")),
        sa.ForeignKeyConstraint(["item_id"], ["batch_items.id"], name=op.f("fk_llm_calls_item_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch_jobs.id"], name=op.f("fk_llm_calls_batch_id")),
        sa.UniqueConstraint("submission_id", "custom_id", name=op.f("uq_llm_calls_submission_id")),
    )
    op.create_index("ix_llm_calls_batch_id", "llm_calls", ["batch_id", "cost_nano_usd"])
    op.create_index("ix_llm_calls_item_id", "llm_calls", ["item_id"])


def _create_failed_generations() -> None:
    op.create_table(
        "failed_generations",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("submission_id", sa.Text),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("failure_type", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("stop_reason", sa.Text),
        sa.Column("raw_response", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "failure_type IN ('truncation', 'parse_error', 'validation_error', 'refusal', 'api_error', 'unknown')",
            name=op.f("ck_failed_generations_failure_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_generations")),
        sa.ForeignKeyConstraint(["item_id"], ["batch_items.id"], name=op.f("fk_failed_generations_item_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch_jobs.id"], name=op.f("fk_failed_generations_batch_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["llm_submissions.id"], name=op.f("fk_failed_generations_submission_id")
        ),
        sa.UniqueConstraint("item_id", "submission_id", name=op.f("uq_failed_generations_item_id")),
    )
    op.create_index("ix_failed_generations_batch_id", "failed_generations", ["batch_id"])


def _create_generated_conversations() -> None:
    op.create_table(
        "generated_conversations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("persona", sa.Text, nullable=False),
        sa.Column("arc", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_reason", sa.Text),
        sa.Column("enrichment_status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("quality_tier", sa.Text),
        sa.Column("split", sa.Text),
        sa.Column("turn_count", sa.Integer, nullable=False),
        sa.Column("finding_codes", _JSON, nullable=False),
        sa.Column("is_judgement_stale", sa.Boolean, nullable=False, server_default="0"),
        sa.Column("reviewed_by", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "enrichment_status IN ('not_started', 'enrichment_in_progress', 'completed')",
            name=op.f("ck_generated_conversations_enrichment_status"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'accepted', 'rejected', 'failed', 'needs_review')",
            name=op.f("ck_generated_conversations_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generated_conversations")),
        sa.ForeignKeyConstraint(["id"], ["batch_items.id"], name=op.f("fk_generated_conversations_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch_jobs.id"], name=op.f("fk_generated_conversations_batch_id")),
    )
    op.create_index(
        "ix_generated_conversations_listed",
        "generated_conversations",
        ["user_id", sa.text("created_at DESC"), "id", "status"],
    )
    op.create_index("ix_generated_conversations_batch_id", "generated_conversations", ["batch_id", "status"])


def _create_conversation_versions() -> None:
    op.create_table(
        "conversation_versions",
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("raw", sa.Text),
        sa.Column("findings", _JSON, nullable=False),
        sa.Column("judgement", _JSON),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("source IN ('model', 'person')", name=op.f("ck_conversation_versions_source")),
        sa.PrimaryKeyConstraint("conversation_id", "version", name=op.f("pk_conversation_versions")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["generated_conversations.id"], name=op.f("fk_conversation_versions_conversation_id")
        ),
    )


def _create_conversation_reviews() -> None:
    op.create_table(
        "conversation_reviews",
        sa.Column("id", _COUNTER, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("action IN ('approve', 'reject', 'edit')", name=op.f("ck_conversation_reviews_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_reviews")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["generated_conversations.id"], name=op.f("fk_conversation_reviews_conversation_id")
        ),
    )
    op.create_index("ix_conversation_reviews_conversation_id", "conversation_reviews", ["conversation_id"])


def _create_training_files() -> None:
    op.create_table(
        "training_files",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("query", _JSON, nullable=False),
        sa.Column("conversation_count", sa.Integer, nullable=False),
        sa.Column("total_training_pairs", sa.Integer, nullable=False),
        sa.Column("files_uri", sa.Text, nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("cost_nano_usd", sa.BigInteger, nullable=False),
        sa.Column("dataset_id", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_files")),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name=op.f("fk_training_files_dataset_id")),
        sa.UniqueConstraint("user_id", "name", "version", name=op.f("uq_training_files_user_id")),
    )


def _create_training_file_conversations() -> None:
    op.create_table(
        "training_file_conversations",
        sa.Column("training_file_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("told", _JSON, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("training_file_id", "position", name=op.f("pk_training_file_conversations")),
        sa.ForeignKeyConstraint(
            ["training_file_id"], ["training_files.id"], name=op.f("fk_training_file_conversations_training_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["generated_conversations.id"],
            name=op.f("fk_training_file_conversations_conversation_id"),
        ),
    )
    op.create_index(
        "ix_training_file_conversations_conversation_id", "training_file_conversations", ["conversation_id"]
    )
