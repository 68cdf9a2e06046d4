"""What reading and listing have in common for datasets and for jobs: whose rows, which page, the one that is meant."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, select, true

from pipeline.errors import UsageError

# Databases count in 64 bits; a page beyond is as empty as any other past the end.
_MAX_OFFSET = 2**62
_MAX_CANDIDATES_NAMED = 10


def is_of(table: Table, user_id: str | None) -> ColumnElement[bool]:
    """The condition that a row is a user's; None means any user's."""
    return true() if user_id is None else table.c.user_id == user_id


def is_named_like(table: Table, lowered: str, dialect: str) -> ColumnElement[bool]:
    """The condition that a row's name has a text in it, in any case, taken literally. lowered: the text."""
    if dialect != "sqlite":
        return func.lower(table.c.name).contains(lowered, autoescape=True)
    # Its LIKE ignores the case of ASCII, its own `lower` would be ours: 100,000 calls take 130 ms, LIKE takes 25.
    escaped = "".join(f"/{c}" if c in "/%_" else c if c.isascii() else "_" for c in lowered)
    nearly = table.c.name.like(f"%{escaped}%", escape="/")
    if lowered.isascii():
        return nearly
    return nearly & table.c.name.op("GLOB")(f"*{''.join(map(_in_either_case, lowered))}*")


def _in_either_case(character: str) -> str:
    """A character as GLOB finds it in both cases; what GLOB itself gives a meaning is taken literally."""
    if character in "]^-":  # mean something only inside the brackets
        return character
    return f"[{''.join({character, *(c for c in (character.upper(), character.title()) if len(c) == 1)})}]"


def find_row(
    connection: Connection, table: Table, row_id: str, user_id: str | None = None, *, for_update: bool = False
) -> Row[Any] | None:
    """Return the row of a whole id, locked where it is to be changed; another user's is as good as none."""
    query = select(table).where(table.c.id == row_id, is_of(table, user_id))
    return connection.execute(query.with_for_update() if for_update else query).one_or_none()


def check_listing(status: str | None, statuses: Sequence[str], page: int, limit: int) -> None:
    """Refuse a list that cannot be.

    Raises:
        UsageError: the status does not exist, or page or limit are below 1.
    """
    if status is not None and status not in statuses:
        raise UsageError(f"status: expected one of {', '.join(statuses)}, found {status!r}")
    if page < 1 or limit < 1:
        raise UsageError(f"expected a page and a limit of at least 1, found page {page} and limit {limit}")


def paged(query: Select[Any], page: int, limit: int) -> Select[Any]:
    """Narrow an ordered query to one page, counted from 1."""
    return query.limit(min(limit, _MAX_OFFSET)).offset(min((page - 1) * limit, _MAX_OFFSET))


def find_meant(
    connection: Connection,
    query: Select[Any],
    conditions: Iterable[ColumnElement[bool]],
    what: str,
    name_or_id: str,
    described: Callable[[Row[Any]], str],
) -> Row[Any] | None:
    """Return the row that fits the first condition that any row fits; None where none fits, and for an empty name.

    conditions: what `name_or_id` may mean, the likeliest first. what, described: the kind of row and each, in words.

    Raises:
        UsageError: several fit; the message names them.
    """
    for condition in conditions if name_or_id else ():
        found = connection.execute(query.where(condition).limit(_MAX_CANDIDATES_NAMED + 1)).all()
        if len(found) > 1:
            named = [f"  {described(row)}" for row in found[:_MAX_CANDIDATES_NAMED]]
            more = ["  …"] if len(found) > _MAX_CANDIDATES_NAMED else []
            expected = f"expected one {what}, found several for {name_or_id!r}; give the id of one:"
            raise UsageError("\n".join([expected, *named, *more]))
        if found:
            return found[0]
    return None
