"""The default plan of a ready dataset: every set-up of LORA_TRAINING_PLANS becomes a job, or a reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.catalog.costs import newest
from pipeline.catalog.job_records import CostRecord, Job, PlanResult
from pipeline.errors import UsageError
from pipeline.training.considering import Catalogues, NotPossible, consider
from pipeline.training.making import JobMaker, Prepared
from pipeline.training.setup import Setup


@dataclass(frozen=True, slots=True)
class Planned:
    """What came of a plan. jobs: all of the dataset, also those of persons and those that are stale, newest first.

    costs: by job. made: ids of the jobs that the plan made, or found made.
    """

    prepared: Prepared
    made: tuple[str, ...]
    not_possible: tuple[NotPossible, ...]
    jobs: tuple[Job, ...]
    costs: dict[str, list[CostRecord]]

    @property
    def planned_jobs(self) -> list[Job]:
        """The jobs of the plan, newest first."""
        return [job for job in self.jobs if job.id in self.made]

    def estimate_of(self, job: Job) -> CostRecord | None:
        """The newest estimate of a job."""
        return newest(self.costs[job.id], "estimate")

    def summary(self) -> str:
        """A sentence for people."""
        if self.made:
            costs = [cost.cost_usd for job in self.planned_jobs if (cost := self.estimate_of(job)) and cost.cost_usd]
            price = f", from {min(costs):,.2f} USD" if costs else ""
            count = f"{len(self.made)} training job{'s' if len(self.made) > 1 else ''}"
            left = f"; {len(self.not_possible)} not possible" if self.not_possible else ""
            return f"{count}{price}{left}."
        if self.not_possible:
            return f"No training job can be made: {self.not_possible[0].reason}."
        return "No training job is planned: LORA_TRAINING_PLANS is empty."

    def result(self, run_id: str) -> PlanResult:
        """What the catalog keeps of it."""
        reasons = tuple(each.as_dict() for each in self.not_possible)
        return PlanResult(len(self.made), self.summary(), reasons, run_id)


def plan_dataset(
    prepared: Prepared, setups: Sequence[Setup], catalogues: Catalogues, maker: JobMaker, now: datetime
) -> Planned:
    """Make the jobs of a plan; what cannot be made is a value. Jobs of other rows become stale.

    Raises:
        UsageError: a set-up has a name that no catalogue knows.
        ServiceError: the lake or the catalog fails.
    """
    catalog, dataset = maker.catalog, prepared.dataset
    catalog.record_split(dataset, prepared.split.fingerprint, now)
    made: list[str] = []
    not_possible = []
    for setup in setups:
        considered = consider(prepared.facts, setup, catalogues)
        if isinstance(considered, NotPossible):
            not_possible.append(considered)
            continue
        try:
            made.append(maker.make(prepared, considered, "plan", now).id)
        except UsageError as error:
            not_possible.append(NotPossible(setup, "nothing-to-train-on", str(error)))
    jobs = tuple(catalog.list_jobs(None, dataset.id, limit=MAX_JOBS).items)
    costs = catalog.costs_of([job.id for job in jobs])
    return Planned(prepared, tuple(dict.fromkeys(made)), tuple(not_possible), jobs, costs)


MAX_JOBS = 1_000  # of a dataset, as its page shows them
