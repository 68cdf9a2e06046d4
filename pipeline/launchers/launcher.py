"""What every launcher promises: to start an attempt at most once, find it again, say how it is, end it, read of it.

A launcher keeps nothing itself: whatever dies, the attempt's id is enough to find what became of it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from pipeline.state.catalog.attempt_records import Attempt
from pipeline.trainers.job import TrainingJob

Seen = Literal["unknown", "absent", "waiting", "running", "completed", "failed", "cancelled"]
"""unknown: it cannot be asked just now, which says nothing about the training. absent: nothing of it is there."""


@dataclass(frozen=True, slots=True)
class Observation:
    """How a training is."""

    seen: Seen
    reason: str | None = None
    """Why it ended so, or why it cannot be asked."""
    nano_usd: int | None = None
    """What it costs so far, in billionths of a US dollar, where the place tells; else its hours count."""
    exit_code: int | None = None
    """Of what failed, where the place tells."""


@dataclass(frozen=True, slots=True)
class Order:
    """An attempt with all that starting it needs."""

    attempt: Attempt
    job: TrainingJob
    resumed_from: Attempt | None = None
    """The attempt whose checkpoints it goes on from."""
    is_spot: bool = False
    """Whether its price is that of machines that may be taken away."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a journal from an offset on, whole lines only."""

    offset: int
    lines: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a place says that a training did cost."""

    nano_usd: int
    """In billionths of a US dollar."""
    source: str
    """How it says so."""
    hours: float | None = None
    """That it counts; None for those from its beginning to its end."""


class Launcher(Protocol):
    """A kind of place where trainings run. Any method raises `ServiceError` where disk or service fail."""

    name: str

    def submit(self, order: Order) -> str:
        """Start an attempt, or do nothing where it was started before; return how the place calls it.

        Raises:
            UsageError: it cannot be run there; says why.
        """

    def find(self, attempt: Attempt) -> str | None:
        """How the place calls an attempt that was submitted, None where it knows nothing of it."""

    def forbid(self, attempt: Attempt) -> bool:
        """See to it that an attempt of which nothing is there never begins; False where it has begun."""

    def poll(self, attempt: Attempt) -> Observation:
        """How a submitted attempt is."""

    def cancel(self, attempt: Attempt) -> None:
        """Ask for an attempt's end, or press for it once more; a checkpoint is left where the trainer can."""

    def journal(self, attempt: Attempt, offset: int) -> Piece:
        """What the attempt told from a byte of its journal on; nothing where the place sends it by itself."""

    def is_training(self, attempt: Attempt) -> bool:
        """Whether it trains there, whatever is known of it; False where the place ends it by itself."""

    def model_files(self, attempt: Attempt) -> dict[str, Path]:
        """What a training left that has to be fetched from there, by the name under which it is kept."""

    def bill(self, attempt: Attempt, job: TrainingJob) -> Bill | None:
        """What the place takes for an attempt that has ended; None where its hours count."""
