"""Counts the statements that a catalog sends, and how its database would find the rows: what speed rests on.

Tests hold these instead of times, which are the machine's load as much as ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event


@dataclass(frozen=True)
class Statement:
    """What was sent."""

    text: str
    parameters: Any


@contextmanager
def statements_seen(engine: Engine) -> Iterator[list[Statement]]:
    """Note the statements that the block sends, without those of transactions."""
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not text.startswith("BEGIN"):
            seen.append(Statement(text, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plan_of(engine: Engine, statement: Statement) -> str:
    """How the database finds the rows. PostgreSQL may use an index where there is one, even for few rows."""
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = connection.exec_driver_sql(f"{explain} {statement.text}", statement.parameters).all()
    return "\n".join(str(row[-1]) for row in rows)
