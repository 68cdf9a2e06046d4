"""What trainings were measured at, one row each: it corrects the next estimates of their owner."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from pipeline.state.catalog.attempt_records import Measurement, NewMeasurement
from pipeline.state.catalog.attempt_tables import training_measurements
from pipeline.state.catalog.attempts import read_attempt
from pipeline.state.catalog.catalog_engine import Database
from pipeline.state.catalog.statements import insert_or

_MOST_RUNS = 500  # the newest: what is older was of other drivers and trainers


class Measurements(Database):
    """The methods that runs and plans use."""

    def note_measurement(self, new: NewMeasurement, now: datetime) -> None:
        """Remember what an attempt was measured at; the first time counts."""
        with self._writing() as connection:
            row = asdict(new) | {"user_id": read_attempt(connection, new.attempt_id).user_id, "created_at": now}
            once = insert_or(connection, training_measurements).on_conflict_do_nothing(index_elements=["attempt_id"])
            connection.execute(once, [row])

    def measurements_of(self, user_id: str) -> list[Measurement]:
        """Return a user's, newest first."""
        columns = training_measurements.c
        query = select(training_measurements).where(columns.user_id == user_id)
        with self._reading() as connection:
            found = connection.execute(query.order_by(columns.created_at.desc(), columns.attempt_id).limit(_MOST_RUNS))
            return [Measurement(*row) for row in found]
