"""The columns by which `datasets` and `training_plans` wait for a run, and their values at a beginning and an end."""

from datetime import datetime

from sqlalchemy import ColumnElement, Table, or_

# Nothing was tried yet: for what waits anew, because of a new verdict, other bytes, or files that were lost.
UNTRIED: dict[str, object] = {
    "requested_at": None,
    "request_key": None,
    "asked": 0,
    "begun_by": None,
    "attempt": 0,
    "crashes": 0,
    "retry_at": None,
}
# A dataset goes back to validation.
VALIDATED_AGAIN: dict[str, object] = UNTRIED | {"status": "validating", "training_ready": False, "failure": None}
# Somebody decided it: only the count of what it took stays.
DECIDED: dict[str, object] = {"request_key": None, "asked": 0, "begun_by": None, "crashes": 0, "retry_at": None}


def is_due(table: Table, now: datetime) -> ColumnElement[bool]:
    """Whether a run may be asked for: none is, and no pause is on."""
    return table.c.requested_at.is_(None) & or_(table.c.retry_at.is_(None), table.c.retry_at <= now)
