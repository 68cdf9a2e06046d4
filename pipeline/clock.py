"""What time it is. Functions of the core take the time as an argument; whoever starts something asks here."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)
