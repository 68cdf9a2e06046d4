"""Sessions of the pages that were ended before their time; until then no process of the service takes them.

Sessions themselves are signed cookies (`pipeline/service/sessions.py`) and kept nowhere.
"""

from datetime import datetime

from sqlalchemy import Column, Index, Table, delete, select

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.statements import insert_or
from pipeline.state.catalog.tables import StorableText, UtcDateTime, metadata

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("user_id", StorableText, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
Index("ix_ended_sessions_expires_at", ended_sessions.c.expires_at)


class EndedSessions(Database):
    """The methods that the pages use."""

    def end_session(self, session_id: str, user_id: str, expires_at: datetime) -> None:
        """Take a session no more; the same call again changes nothing."""
        row = {"id": session_id, "user_id": user_id, "expires_at": expires_at}
        with self._writing() as connection:
            connection.execute(insert_or(connection, ended_sessions).values(row).on_conflict_do_nothing())

    def is_ended(self, session_id: str) -> bool:
        """Whether somebody ended it."""
        with self._reading() as connection:
            found = connection.execute(select(ended_sessions.c.id).where(ended_sessions.c.id == session_id))
            return found.first() is not None

    def forget_ended_sessions(self, expired_before: datetime) -> int:
        """Remove those that are over by themselves; return how many."""
        with self._writing() as connection:
            over = delete(ended_sessions).where(ended_sessions.c.expires_at < expired_before)
            return int(connection.execute(over).rowcount)
