"""What is known of a training that has ended, once all that it leaves is kept."""

from dataclasses import dataclass

from pipeline.state.catalog.attempt_records import Attempt, Evaluation, Model
from pipeline.state.catalog.job_records import CostRecord, Job


@dataclass(frozen=True, slots=True)
class Closed:
    """What was kept of an attempt;"""

    job: Job
    attempt: Attempt
    model: Model | None
    """None where it left none."""
    evaluations: tuple[Evaluation, ...]
    cost: CostRecord | None
    estimate: CostRecord | None
