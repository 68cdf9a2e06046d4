"""How a dataset's fields are read, where its owner says so: kept with it, and used by every validation."""

from datetime import datetime

from sqlalchemy import update

from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.engine import Database
from pipeline.state.catalog.lookup import read_dataset
from pipeline.state.catalog.tables import datasets
from pipeline.state.catalog.waiting import UNTRIED


class Mappings(Database):
    """The method by which an owner says it."""

    def set_mapping(self, dataset_id: str, user_id: str, mapping: str | None, now: datetime) -> Dataset:
        """Keep the mapping with a dataset, and have it validated again; the one that it has changes nothing.

        mapping: one line of JSON, `auto`, or None for what is recognised. A verdict that a run reaches with the former
        one is not written.

        Raises:
            DatasetNotFound: there is no such dataset of this user.
        """
        with self._writing() as connection:
            dataset = read_dataset(connection, dataset_id, user_id, for_update=True)
            if dataset.mapping == mapping:
                return dataset
            again = {} if dataset.content_version is None else {**UNTRIED, "status": "validating"}
            ready = {"training_ready": False, "failure": None} if again else {}
            values = {**again, **ready, "mapping": mapping, "updated_at": now}
            connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(values))
            return read_dataset(connection, dataset_id)
