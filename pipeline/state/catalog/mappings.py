"""How a dataset's fields are read, where its owner says so: kept with it, and used by every validation."""

from datetime import datetime

from sqlalchemy import select, update

from pipeline.errors import Conflicting
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.events import Event, note_events
from pipeline.state.catalog.lookup import describe_dataset, read_dataset
from pipeline.state.catalog.tables import IS_CURRENT, datasets
from pipeline.state.catalog.waiting import VALIDATED_AGAIN


class Mappings(Database):
    """The methods by which an owner says it, and by which it is written down elsewhere."""

    def mappings_under(self, prefix: str) -> dict[str, str]:
        """The mappings of current datasets by their path in the store, of paths that begin so."""
        columns = select(datasets.c.storage_path, datasets.c.mapping).where(
            IS_CURRENT, datasets.c.mapping.is_not(None), datasets.c.storage_path.startswith(prefix, autoescape=True)
        )
        with self._reading() as connection:
            return {row.storage_path: row.mapping for row in connection.execute(columns)}

    def set_mapping(self, dataset_id: str, user_id: str, mapping: str | None, now: datetime) -> Dataset:
        """Keep the mapping with a dataset, and have it validated again; the one that it has changes nothing.

        mapping: one line of JSON, `auto`, or None for what is recognised. A verdict that a run reaches with the former
        one is not written.

        Raises:
            DatasetNotFound: there is no such dataset of this user.
            Conflicting: it is deleted, or other bytes took its place, so that nothing would validate it.
        """
        with self._writing() as connection:
            dataset = read_dataset(connection, dataset_id, user_id, for_update=True)
            if dataset.mapping == mapping:
                return dataset
            if dataset.deleted_at is not None:
                raise Conflicting(f"{describe_dataset(dataset)} is deleted: restore it first")
            if dataset.superseded_by is not None:
                raise Conflicting(f"other bytes took the place of {describe_dataset(dataset)}: say it of the newer one")
            again = {} if dataset.content_version is None else VALIDATED_AGAIN
            values = {**again, "mapping": mapping, "updated_at": now}
            connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(values))
            if again:
                event = Event(dataset_id, user_id, "sent_back", "validating", detail="it is read otherwise")
                note_events(connection, [event], now)
            return read_dataset(connection, dataset_id)
