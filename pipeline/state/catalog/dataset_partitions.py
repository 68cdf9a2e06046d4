"""Which datasets share a partition in Dagster. A dataset gets one when a run is asked for it the first time, and keeps
it for ever, whatever `LORA_PARTITION_BY` says later: what Dagster knows of a dataset is found in one place.
"""

from collections.abc import Sequence

from sqlalchemy import func, select

from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.lookup import to_dataset
from pipeline.state.catalog.requests import Requests
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, IS_IN_BATCH, datasets

_OLDEST = (datasets.c.created_at, datasets.c.id)


class Partitions(Requests):
    """The methods of sensors and runs that turn partitions into datasets."""

    def partition_members(self, keys: Sequence[str], *, only_listed: bool = False) -> dict[str, list[str]]:
        """Return the datasets of each partition, oldest first; a key that is no batch is a dataset's own.

        only_listed: without those of a batch that are deleted, or that a newer upload replaced.
        """
        members: dict[str, list[str]] = {}
        columns = select(datasets.c.partition_key, datasets.c.id, IS_CURRENT & ~IS_DELETED).where(IS_IN_BATCH)
        with self._reading() as connection:
            for some in chunks(keys):
                rows = connection.execute(columns.where(datasets.c.partition_key.in_(some)).order_by(*_OLDEST))
                for key, dataset_id, is_listed in rows:
                    ids = members.setdefault(key, [])
                    if is_listed or not only_listed:
                        ids.append(dataset_id)
        return {key: members.get(key, [key]) for key in keys}

    def in_batch(self, key: str) -> list[Dataset]:
        """Return the datasets of a batch, oldest first; none of a key that is a dataset's own."""
        query = select(datasets).where(IS_IN_BATCH, datasets.c.partition_key == key).order_by(*_OLDEST)
        with self._reading() as connection:
            return [to_dataset(row) for row in connection.execute(query)]

    def last_batch(self, first: str, last: str) -> str | None:
        """Return the last batch from one key to another. They are of one length: databases compare text by locales."""
        is_between = datasets.c.partition_key.between(first, last)
        query = select(func.max(datasets.c.partition_key)).where(IS_IN_BATCH, is_between)
        with self._reading() as connection:
            return connection.execute(query).scalar()

    def settled_partitions(self, keys: Sequence[str]) -> set[str]:
        """Those of some partitions all of whose datasets are `settled`."""
        members = self.partition_members(keys)
        settled = self.settled([each for ids in members.values() for each in ids])
        return {key for key, ids in members.items() if settled.issuperset(ids)}
