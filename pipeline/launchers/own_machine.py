"""Trainings on a machine of the owner's elsewhere: they start it there by one line, and it tells of itself.

Nothing can be asked of it: what it sends to the service is all that is known, and an answer to it is how it hears that
it is to end.
"""

from datetime import timedelta
from pathlib import Path

from pipeline.launchers.launcher import Bill, Observation, Order, Piece
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.trainers.job import TrainingJob

NAME = "own-machine"
LINE_VALID = timedelta(days=60)
"""For how long after it was asked for an attempt can be begun and told of."""


class OwnMachineLauncher:
    """Waits for what the machine tells."""

    name = NAME

    def submit(self, order: Order) -> str:
        """See `Launcher.submit`: a person starts it."""
        return order.attempt.id

    def find(self, attempt: Attempt) -> str | None:
        """See `Launcher.find`."""
        return attempt.id

    def forbid(self, attempt: Attempt) -> bool:
        """See `Launcher.forbid`: what it sends is refused once the attempt has ended."""
        return True

    def poll(self, attempt: Attempt) -> Observation:
        """See `Launcher.poll`: what it tells stands in the catalog."""
        return Observation("unknown", "it tells of itself")

    def cancel(self, attempt: Attempt) -> None:
        """See `Launcher.cancel`: it is told in the answer to its next report."""

    def journal(self, attempt: Attempt, offset: int) -> Piece:
        """See `Launcher.journal`: it sends it."""
        return Piece(offset)

    def is_training(self, attempt: Attempt) -> bool:
        """See `Launcher.is_training`: it hears of its end in the answer to its next report."""
        return False

    def model_files(self, attempt: Attempt) -> dict[str, Path]:
        """See `Launcher.model_files`: it sends them."""
        return {}

    def bill(self, attempt: Attempt, job: TrainingJob) -> Bill | None:
        """See `Launcher.bill`: it sends none."""
