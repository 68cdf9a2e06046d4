"""Which datasets are deleted, for what is written down of it beside the uploads, and what that tells a catalog which
did not hear of it: one that was restored from a backup.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import exists, select, update

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.events import Event, changed_datasets, note_events
from pipeline.state.catalog.selecting import is_of
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, dataset_events, datasets


class Deletions(Database):
    """The methods by which deletions outlive the catalog."""

    def deletions_of(self, user_id: str | None) -> list[tuple[str, str, datetime]]:
        """The current datasets that a user has deleted: path, id and when. None means anybody's."""
        columns = select(datasets.c.storage_path, datasets.c.id, datasets.c.deleted_at)
        with self._reading() as connection:
            rows = connection.execute(columns.where(is_of(datasets, user_id), IS_CURRENT, IS_DELETED))
            return [(row.storage_path, row.id, row.deleted_at) for row in rows]

    def known_ids(self, ids: Iterable[str]) -> set[str]:
        """Those of the ids that datasets have, deleted and superseded ones too."""
        found: set[str] = set()
        with self._reading() as connection:
            for some in chunks(sorted(ids)):
                found.update(connection.execute(select(datasets.c.id).where(datasets.c.id.in_(some))).scalars())
        return found

    def delete_again(self, deletions: Mapping[str, datetime], prefix: str) -> list[str]:
        """Delete datasets whose deletion this catalog did not hear of; return their ids.

        One that it knows of, and that was taken back, stays so. prefix: of the paths of uploads that may be meant.
        """
        events = dataset_events.c
        again: list[str] = []
        with self._writing() as connection:
            for dataset_id, deleted_at in deletions.items():
                is_told = events.kind.in_(["deleted", "superseded"]) & (events.created_at == deleted_at)
                is_restored = (events.kind == "restored") & (events.created_at >= deleted_at)
                is_known = exists().where(events.dataset_id == dataset_id, is_told | is_restored)
                is_meant = datasets.c.storage_path.startswith(prefix, autoescape=True)
                change = (
                    update(datasets)
                    .where(datasets.c.id == dataset_id, is_meant, ~IS_DELETED, ~is_known)
                    .values(deleted_at=deleted_at, updated_at=deleted_at)
                )
                rows = changed_datasets(connection, change)
                note_events(connection, [Event(row.id, row.user_id, "deleted", row.status) for row in rows], deleted_at)
                again += [row.id for row in rows]
        return again
