"""What trainings did cost. Sums are made of billionths of a US dollar, as whole numbers; dollars are for reading."""

from datetime import date, datetime

from pydantic import Field

from pipeline.contract.estimate_values import EstimatedRange
from pipeline.contract.http_answers import Value


class CostOfDay(Value):
    """What was spent on a day (UTC)."""

    day: date
    cost_usd: float
    nano_usd: int


class CostShare(Value):
    """What was spent on one dataset or base model, or at one provider."""

    id: str | None = Field(description="Of a dataset; null of the others.")
    name: str
    cost_usd: float
    nano_usd: int


class SpendingRecord(Value):
    """What one attempt did cost, beside what its job was expected to; null where nobody knows."""

    job_id: str
    job_name: str
    attempt_id: str | None
    dataset_id: str
    dataset_name: str
    base_model: str
    provider: str | None
    cost_usd: float | None
    nano_usd: int | None
    hours: float | None
    estimate_usd: EstimatedRange | None
    source: str
    created_at: datetime


class MonthBudget(Value):
    """Of the calendar month (UTC). committed: what was spent, and the most that what is under way may cost."""

    month: date
    limit_usd: float | None = Field(description="Null: there is no limit.")
    committed_usd: float
    committed_nano_usd: int
    left_usd: float | None


class CostSummary(Value):
    """What trainings did cost from `since` on, before `until`: in all, and by what."""

    since: datetime
    until: datetime
    total_usd: float
    total_nano_usd: int
    by_day: list[CostOfDay] = Field(description="Every day on which something was spent, oldest first.")
    by_dataset: list[CostShare] = Field(description="The dearest first, as in the other two.")
    by_model: list[CostShare] = Field(description="By base model.")
    by_provider: list[CostShare]
    records: list[SpendingRecord] = Field(description="Newest first.")
    budget: MonthBudget
