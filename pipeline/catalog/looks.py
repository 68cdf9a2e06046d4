"""When the sensors of Dagster's daemon last looked: how the service, which knows no Dagster, learns whether one works."""

from datetime import datetime, timedelta

from sqlalchemy import select

from pipeline.catalog.engine import Database
from pipeline.catalog.statements import insert_or
from pipeline.catalog.tables import looks

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
            return {name: looked_at for name, looked_at in connection.execute(select(looks))}
