"""Indices that give a user's newest notifications, and the newest unread, without looking at the others."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NEWEST: Sequence[str | sa.TextClause | sa.ColumnElement[object]] = [
    "user_id",
    sa.text("created_at DESC"),
    sa.text("id DESC"),
]


def upgrade() -> None:
    is_unread = sa.text("read_at IS NULL")
    op.create_index("ix_notifications_newest", "notifications", _NEWEST)
    op.create_index(
        "ix_notifications_unread", "notifications", _NEWEST, sqlite_where=is_unread, postgresql_where=is_unread
    )
    op.drop_index("ix_notifications_user_id", "notifications")
