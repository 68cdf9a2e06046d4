"""When the sensors last looked: from it the service, which knows no Dagster, learns whether a daemon works."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Table, select

from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.statements import insert_or
from pipeline.state.catalog.tables import StorableText, UtcDateTime, metadata

looks = Table(
    "looks",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("looked_at", UtcDateTime, nullable=False),
)
NOTED_EVERY_S = 15  # a sensor looks every five; each note is a write that others wait for


class Looks(Database):
    """The methods that sensors, the service and `doctor` use."""

    def note_look(self, name: str, now: datetime) -> None:
        """Note that a sensor looks now; what was noted a moment ago stays."""
        last = self.looks().get(name)
        if last is not None and last <= now < last + timedelta(seconds=NOTED_EVERY_S):
            return
        with self._writing() as connection:
            row = insert_or(connection, looks).values(name=name, looked_at=now)
            connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"looked_at": now}))

    def looks(self) -> dict[str, datetime]:
        """When each sensor last looked, by its name."""
        with self._reading() as connection:
            return {row.name: row.looked_at for row in connection.execute(select(looks))}
