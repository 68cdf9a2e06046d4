"""The default plan of a ready dataset: every set-up of LORA_TRAINING_PLANS becomes a job, or a reason why not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pipeline.dataset.tokens import load_tokenizer
from pipeline.errors import SettingsError, UsageError
from pipeline.flow.intake import PlannedRun
from pipeline.flow.intake import plan_runs as group_runs
from pipeline.flow.job_checks import MAX_JOBS
from pipeline.flow.job_making import JobMaker, Prepared, prepared_with_rows
from pipeline.flow.own_measurements import with_own_runs
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.costs import newest
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.job_records import CostRecord, Job, PlanResult
from pipeline.state.lake import Lake
from pipeline.training.considering import Catalogues, NotPossible, consider
from pipeline.training.setup import Setup, plans_of
from pipeline.wording import count_of, short

YIELDS_FOR = timedelta(seconds=20)  # while uploads stream in there is always one to validate


@dataclass(frozen=True, slots=True)
class Planned:
    """What came of a plan."""

    prepared: Prepared
    made: tuple[str, ...]
    """Ids of the jobs that the plan made, or found made."""
    not_possible: tuple[NotPossible, ...]
    jobs: tuple[Job, ...]
    """All of the dataset, also those of persons and those that are stale, newest first."""
    costs: dict[str, list[CostRecord]]
    """By job."""

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
            price = f", from {short(min(costs))} USD" if costs else ""
            count = count_of(len(self.made), "training job")
            left = f"; {len(self.not_possible)} not possible" if self.not_possible else ""
            return f"{count}{price}{left}."
        if self.not_possible:
            return f"No training job can be made: {self.not_possible[0].explained()}."
        return "No training job is planned: LORA_TRAINING_PLANS is empty."

    def result(self, run_id: str) -> PlanResult:
        """What the catalog keeps of it."""
        reasons = tuple(each.as_dict() for each in self.not_possible)
        return PlanResult(len(self.made), self.summary(), reasons, run_id)


def is_plannable(dataset: Dataset) -> bool:
    """Whether a dataset is ready, and the current one of its path."""
    return dataset.status == "ready" and dataset.superseded_by is None and dataset.deleted_at is None


def checked_plans(settings: Settings, today: date) -> tuple[tuple[Setup, ...], Catalogues]:
    """The plans of an installation and its catalogues, which know every name in them.

    Raises:
        UsageError: a plan names a model, GPU or preset that no catalogue knows.
    """
    catalogues = Catalogues.of_settings(settings, today)
    setups = plans_of(settings)
    for setup in setups:
        try:
            catalogues.named(setup)
        except UsageError as error:
            raise SettingsError(f"LORA_TRAINING_PLANS: {error}") from None
    return setups, catalogues


@dataclass(frozen=True, slots=True)
class Planner:
    """What planning needs besides the dataset; one for each run."""

    setups: Sequence[Setup]
    catalogues: Catalogues
    maker: JobMaker

    @classmethod
    def of_settings(cls, settings: Settings, catalog: Catalog, lake: Lake, run_id: str, today: date) -> "Planner":
        """The plan of an installation.

        Raises:
            UsageError: see `checked_plans`.
        """
        setups, catalogues = checked_plans(settings, today)
        return cls(setups, catalogues, JobMaker(catalog, lake, load_tokenizer(settings.tokenizer), run_id))

    def plan(self, dataset: Dataset, now: datetime) -> Planned:
        """Make the jobs of the plan; what cannot be made is a value. Jobs of other rows become stale.

        Raises:
            ServiceError: the lake or the catalog fails.
        """
        catalog = self.maker.catalog
        with prepared_with_rows(self.maker.lake, dataset) as prepared:
            catalog.record_split(dataset, prepared.split.fingerprint, now)
            catalogues = with_own_runs(self.catalogues, catalog, dataset.user_id)
            outcomes = [self._make(prepared, setup, catalogues, now) for setup in self.setups]
        made = dict.fromkeys(outcome for outcome in outcomes if isinstance(outcome, str))
        jobs = tuple(catalog.list_jobs(None, dataset.id, limit=MAX_JOBS).items)
        return Planned(
            prepared=prepared,
            made=tuple(made),
            not_possible=tuple(outcome for outcome in outcomes if isinstance(outcome, NotPossible)),
            jobs=jobs,
            costs=catalog.costs_of([job.id for job in jobs]),
        )

    def _make(self, prepared: Prepared, setup: Setup, catalogues: Catalogues, now: datetime) -> str | NotPossible:
        considered = consider(prepared.facts, setup, catalogues)
        if isinstance(considered, NotPossible):
            return considered
        try:
            return self.maker.make(prepared, considered, "plan", now).id
        except UsageError as error:  # every row is longer than the job's length before its first answer
            return NotPossible(setup, "nothing-to-train-on", str(error))


def plan_runs(
    waiting: Sequence[Dataset],
    tried: Mapping[str, tuple[int, int]],
    partition_order: Iterable[str],
    settings: Settings,
    now: datetime,
) -> list[PlannedRun]:
    """Runs that cover the datasets, each once, as `pipeline.flow.intake` groups them for validation.

    tried: attempts at the plan of the newest verdict that came to nothing, and at how many of them a process died.
    """
    plans = [replace(dataset, attempt=tried[dataset.id][0], crashes=tried[dataset.id][1]) for dataset in waiting]
    runs = group_runs(plans, partition_order, settings, now)
    return [PlannedRun(run.batch, f"training-{run.run_key}") for run in runs]


def goes_before_validation(waiting: Sequence[Dataset], now: datetime) -> bool:
    """Whether ready datasets have waited long enough for their plans not to let validation go first any more."""
    oldest = min((each.validated_at for each in waiting if each.validated_at), default=now)
    return now - oldest >= YIELDS_FOR
