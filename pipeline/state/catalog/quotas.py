"""How many bytes a user's datasets have in all, and whether more fit.

Counted are the current datasets that are not deleted, from the moment that an upload is announced; not those whose
upload expired, of which nothing is kept. Whoever adds to them holds the registry's lock, so that two uploads at once
cannot both take the last place.
"""

from sqlalchemy import Connection, func, select

from pipeline.errors import OverQuota
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, datasets

_IS_EXPIRED = (datasets.c.status == "error") & datasets.c.content_version.is_(None)


class Quotas(Database):
    """The methods for who wants to know before they upload."""

    def used_bytes(self, user_id: str) -> int:
        """Count the bytes of a user's datasets."""
        with self._reading() as connection:
            return _used_bytes(connection, user_id)

    def check_quota(self, user_id: str, storage_path: str, size_bytes: int, quota_bytes: int) -> None:
        """See whether a file fits that is about to be put at a path, where it may take the place of another.

        Raises:
            OverQuota: it does not.
        """
        with self._reading() as connection:
            there = select(func.coalesce(func.sum(datasets.c.file_size), 0)).where(
                datasets.c.user_id == user_id, datasets.c.storage_path == storage_path, IS_CURRENT, ~IS_DELETED
            )
            check_quota(connection, user_id, size_bytes - int(connection.execute(there).scalar_one()), quota_bytes)


def check_quota(connection: Connection, user_id: str, size_bytes: int, quota_bytes: int) -> None:
    """See whether so many more bytes fit, inside the caller's transaction; a quota of 0 is none.

    Raises:
        OverQuota: they do not.
    """
    if not quota_bytes or size_bytes <= 0:
        return
    used_bytes = _used_bytes(connection, user_id)
    if used_bytes + size_bytes > quota_bytes:
        raise OverQuota(
            f"expected at most {max(0, quota_bytes - used_bytes):,} bytes, which is what is left of your "
            f"{quota_bytes:,}, found {size_bytes:,}: delete datasets, or ask the operator for more (LORA_QUOTA_BYTES)"
        )


def _used_bytes(connection: Connection, user_id: str) -> int:
    owned = (datasets.c.user_id == user_id) & IS_CURRENT & ~IS_DELETED & ~_IS_EXPIRED
    query = select(func.coalesce(func.sum(datasets.c.file_size), 0)).where(owned)
    return int(connection.execute(query).scalar_one())
