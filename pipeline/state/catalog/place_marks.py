"""By what store and lake are known again: the mark that lies in each, and the newest of what should lie there.

What is concluded from it is in `pipeline.flow.marks`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Column, ColumnElement, Table, delete, insert, select

from pipeline.state.catalog.catalog_engine import Database, check_file
from pipeline.state.catalog.tables import IS_CURRENT, IS_DELETED, StorableText, UtcDateTime, datasets, metadata

Place = Literal["store", "lake"]
NOT_MARKABLE = ""
_SAMPLE = 5  # some may have been removed by hand; all of them at once is a place that is not there

marks = Table(
    "marks",
    metadata,
    Column("place", StorableText, primary_key=True),
    Column("mark", StorableText, nullable=False),
    Column("adopted_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog knows of a place."""

    mark: str | None
    """What should lie there; None while it was never marked, `NOT_MARKABLE` where we may not write."""
    expected: tuple[str, ...]
    """Some keys (store) or ids of datasets (lake) that should lie there, the newest first; those from before the place
    was adopted are not among them."""


class Marks(Database):
    """The methods that tell a place that is empty from one that is not there."""

    def known_places(self) -> dict[Place, Known]:
        """Return what is known of both places.

        Raises:
            CatalogError: it does not answer; on SQLite also when its file is gone.
        """
        self._ready()
        check_file(self._engine.url)  # an open connection reads a file that was removed, as if it were there
        with self._reading() as connection:
            found = {row.place: (row.mark, row.adopted_at) for row in connection.execute(select(marks))}
            sampled: dict[Place, tuple[Column[str], ColumnElement[bool], Column[datetime]]] = {
                "store": (datasets.c.storage_path, datasets.c.content_version.is_not(None), datasets.c.created_at),
                "lake": (datasets.c.id, datasets.c.status.in_(("ready", "error")), datasets.c.validated_at),
            }
            known: dict[Place, Known] = {}
            for place, (column, lies_there, since) in sampled.items():
                mark, adopted_at = found.get(place, (None, None))
                wanted = lies_there & since.is_not(None) & IS_CURRENT & ~IS_DELETED
                if adopted_at:
                    wanted &= since > adopted_at
                newest = select(column).where(wanted).order_by(datasets.c.created_at.desc()).limit(_SAMPLE)
                known[place] = Known(mark, tuple(connection.execute(newest).scalars()))
        return known

    def mark_of(self, place: Place) -> str | None:
        """Return the mark that a place has, as far as is known: one row, where `known_places` looks for datasets.

        Raises:
            CatalogError: see `known_places`.
        """
        self._ready()
        check_file(self._engine.url)
        with self._reading() as connection:
            return connection.execute(select(marks.c.mark).where(marks.c.place == place)).scalar()

    def remember_mark(self, place: Place, mark: str, adopted_at: datetime | None = None) -> None:
        """Note the mark that a place has from now on. adopted_at: set when a person says that what is there is all."""
        with self._writing() as connection:
            before = connection.execute(select(marks.c.adopted_at).where(marks.c.place == place)).scalar()
            connection.execute(delete(marks).where(marks.c.place == place))
            connection.execute(insert(marks), {"place": place, "mark": mark, "adopted_at": adopted_at or before})
