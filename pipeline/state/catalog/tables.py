"""The catalog's tables, and the three column types that make SQLite and PostgreSQL behave alike.

Queries live beside the concept they serve (`dropped_files.py`, `verdict_writes.py`, …). A change here needs a revision
in `migrations/versions/`, the newest by its file's name; a test compares the two.
"""

import math
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine


def storable_text(text: str) -> str:
    """Replace what no database stores, NUL and lone surrogates, with U+FFFD; uploads and file names may hold both."""
    text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable_json(value: object) -> object:
    """Do the same inside a JSON value; numbers that JSON has no name for become null."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class StorableText(TypeDecorator[str]):
    """Text that both databases accept."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean on the way in."""
        return None if value is None else storable_text(value)


class StorableJson(TypeDecorator[object]):
    """JSON, as JSONB on PostgreSQL; None is SQL's NULL."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[object]:
        """Choose the database's own type."""
        kind = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """Clean on the way in."""
        return storable_json(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on the way out; SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; a time without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with a time zone, found {value.isoformat()}")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("name", StorableText, nullable=False),
    Column("description", StorableText),
    Column("format", StorableText),
    Column("status", StorableText, nullable=False),
    Column("storage_bucket", StorableText, nullable=False),
    Column("storage_path", StorableText, nullable=False),
    Column("file_name", StorableText, nullable=False),
    Column("file_size", BigInteger, nullable=False),
    Column("total_training_pairs", BigInteger),
    Column("total_validation_pairs", BigInteger),
    Column("total_tokens", BigInteger),
    Column("training_ready", Boolean, nullable=False, default=False),
    Column("validated_at", UtcDateTime),
    Column("validation_errors", StorableJson),
    Column("sample_data", StorableJson),
    Column("avg_turns_per_conversation", Float),
    Column("avg_tokens_per_turn", Float),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Column("content_version", StorableText),
    Column("content_sha256", StorableText),
    Column("line_count", BigInteger),
    Column("rejected_line_count", BigInteger),
    Column("conversation_count", BigInteger),
    Column("token_method", StorableText),
    Column("run_id", StorableText),
    Column("observed_version", StorableText),
    # Checked at commit: the dataset that replaces another is inserted after it, because the path must be free first.
    Column("superseded_by", StorableText, ForeignKey("datasets.id", deferrable=True, initially="DEFERRED")),
    Column("requested_at", UtcDateTime),
    Column("attempt", Integer, nullable=False, default=0),
    Column("failure", StorableText),
    Column("request_key", StorableText),
    Column("asked", Integer, nullable=False, server_default="0"),
    Column("begun_by", StorableText),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcDateTime),
    Column("mapping", StorableText),
    Column("replaces", StorableText),
    Column("answers_to_learn", BigInteger),
    Column("planned_run_id", StorableText),
    Column("partition_key", StorableText),
    CheckConstraint("status IN ('uploading', 'validating', 'ready', 'error', 'failed')", name="status"),
)
IS_CURRENT = datasets.c.superseded_by.is_(None)
IS_DELETED = datasets.c.deleted_at.is_not(None)
IS_IN_BATCH = datasets.c.partition_key != datasets.c.id
"""Its partition in Dagster is one that it shares."""

# Values that an index is made for are written out in its queries too: PostgreSQL takes none for a parameter.
IS_UNDECIDED = datasets.c.status.in_([literal_column("'validating'"), literal_column("'failed'")])
IS_UNPLANNED = (
    (datasets.c.status == literal_column("'ready'"))
    & IS_CURRENT
    & ~IS_DELETED
    & or_(datasets.c.planned_run_id.is_(None), datasets.c.planned_run_id != datasets.c.run_id)
)
"""Ready, with a verdict for which nothing was planned yet."""

Index(
    "ix_datasets_status",
    datasets.c.status,
    sqlite_where=IS_CURRENT & ~IS_DELETED,
    postgresql_where=IS_CURRENT & ~IS_DELETED,
)
# What waits for a verdict or for a plan, beside any number that waits for nothing.
Index("ix_datasets_undecided", datasets.c.requested_at, sqlite_where=IS_UNDECIDED, postgresql_where=IS_UNDECIDED)
Index(
    "ix_datasets_unplanned",
    datasets.c.status,  # the same in all; without it SQLite takes the index above
    datasets.c.created_at,
    datasets.c.id,
    sqlite_where=IS_UNPLANNED,
    postgresql_where=IS_UNPLANNED,
)
Index("ix_datasets_partition_key", datasets.c.partition_key, sqlite_where=IS_IN_BATCH, postgresql_where=IS_IN_BATCH)
# A row that is replaced names the new one before that is there: SQLite then looks for all that name it.
IS_REPLACED = ~IS_CURRENT
Index("ix_datasets_superseded_by", datasets.c.superseded_by, sqlite_where=IS_REPLACED, postgresql_where=IS_REPLACED)
Index("ix_datasets_created_at", datasets.c.created_at.desc())
Index(
    "uq_datasets_current_storage_path",
    datasets.c.storage_path,
    unique=True,
    sqlite_where=IS_CURRENT,
    postgresql_where=IS_CURRENT,
)
# Holds all that a list or a count of a user's datasets has to look at, whatever it is searched for: rows are large.
Index(
    "ix_datasets_listed",
    datasets.c.user_id,
    datasets.c.created_at.desc(),
    datasets.c.id.desc(),
    datasets.c.status,
    datasets.c.name,
    datasets.c.superseded_by,
    datasets.c.deleted_at,
    sqlite_where=IS_CURRENT & ~IS_DELETED,
    postgresql_where=IS_CURRENT & ~IS_DELETED,
)
# What changed since a moment, and the last change of all.
Index("ix_datasets_updated_at", datasets.c.updated_at)
# Finds the dataset that a returning earlier version belongs to.
Index("ix_datasets_storage_path", datasets.c.storage_path, datasets.c.content_version)

# Rows are added, never changed: `events.py`.
dataset_events = Table(
    "dataset_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("dataset_id", StorableText, ForeignKey("datasets.id"), nullable=False),
    Column("user_id", StorableText, nullable=False),
    Column("kind", StorableText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", StorableText, nullable=False),
    Column("run_id", StorableText),
    Column("request_key", StorableText),
    Column("attempt", Integer),
    Column("related_id", StorableText),
    Column("detail", StorableText),
    Column("line_count", BigInteger),
    Column("rejected_line_count", BigInteger),
    Column("conversation_count", BigInteger),
    Column("total_tokens", BigInteger),
    Column("finding_counts", StorableJson),
    CheckConstraint(
        "kind IN ('announced', 'registered', 'expired', 'requested', 'run_failed', 'given_up', 'judged', 'sent_back', "
        "'plan_requested', 'plan_failed', 'plan_given_up', 'planned', 'superseded', 'returned', 'deleted', 'restored')",
        name="kind",
    ),
)
Index("ix_dataset_events_dataset_id", dataset_events.c.dataset_id, dataset_events.c.id)

notifications = Table(
    "notifications",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("dataset_id", StorableText, ForeignKey("datasets.id")),
    Column("kind", StorableText, nullable=False),
    Column("dedupe_key", StorableText, nullable=False),
    Column("title", StorableText, nullable=False),
    Column("message", StorableText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Column("webhook_attempt", Integer, nullable=False, server_default="0"),
    Column("webhook_due_at", UtcDateTime),
    Column("webhook_sent_at", UtcDateTime),
    Column("job_id", StorableText, ForeignKey("training_jobs.id")),
    Column("batch_id", StorableText, ForeignKey("batch_jobs.id")),
    CheckConstraint(
        "kind IN ('dataset_ready', 'dataset_error', 'upload_expired', 'run_failed', 'training_jobs_ready', "
        "'training_jobs_stale', 'upload_ignored', 'training_queued', 'training_started', 'training_completed', "
        "'training_failed', 'training_cancelled', 'training_lost', 'model_ready', 'budget_reached', "
        "'generation_started', 'generation_paused', 'generation_completed', 'generation_cancelled', "
        "'training_file_ready')",
        name="kind",
    ),
    UniqueConstraint("dataset_id", "kind", "dedupe_key", name="uq_notifications_dataset_id"),
)
# Every page shows a user's newest, and counts the unread: the others, one for each dataset, are not looked at.
_NEWEST_NOTIFICATIONS = (notifications.c.user_id, notifications.c.created_at.desc(), notifications.c.id.desc())
Index("ix_notifications_newest", *_NEWEST_NOTIFICATIONS)
Index(
    "ix_notifications_unread",
    *_NEWEST_NOTIFICATIONS,
    sqlite_where=notifications.c.read_at.is_(None),
    postgresql_where=notifications.c.read_at.is_(None),
)
Index("ix_notifications_created_at", notifications.c.created_at)

ignored_files = Table(
    "ignored_files",
    metadata,
    Column("key", StorableText, primary_key=True),
    Column("user_id", StorableText),
    Column("reason", StorableText, nullable=False),
    Column("size_bytes", BigInteger),
    Column("modified_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Column("gone_at", UtcDateTime),
)
Index(
    "ix_ignored_files_there",
    ignored_files.c.user_id,
    ignored_files.c.key,
    sqlite_where=ignored_files.c.gone_at.is_(None),
    postgresql_where=ignored_files.c.gone_at.is_(None),
)
