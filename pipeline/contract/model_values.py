"""Models that trainings left: with their files, how good they are, and what they were made from."""

from datetime import datetime

from pydantic import Field

from pipeline.contract.http_answers import Request, Value
from pipeline.contract.training_values import KeptFile, TrainingAttempt
from pipeline.state.catalog.statuses import ModelKind, Moment

MAX_MODEL_NAME_CHARACTERS = 200
MAX_MODEL_DESCRIPTION_CHARACTERS = 4_000


class ModelSummary(Value):
    """One model in a list."""

    id: str
    user_id: str
    name: str
    version: int = Field(description="Of the models of its job, from 1.")
    description: str | None
    kind: ModelKind
    base_model: str
    dataset_id: str
    job_id: str
    attempt_id: str
    size_bytes: int
    hosted_as: str | None = Field(description="How to call it at the provider that has it; null: its weights are here.")
    manifest_sha256: str = Field(description="Of `manifest.json`, which has the checksum of every other file.")
    eval_loss_before: float | None = Field(description="Of the base model on the rows kept back.")
    eval_loss: float | None = Field(description="Of this model on the rows kept back.")
    created_at: datetime


class ModelEvaluation(Value):
    """A figure on the rows kept back."""

    moment: Moment = Field(description="`before` of the base model, `after` of what was trained.")
    name: str
    value: float
    rows: int | None
    source: str


class ModelDetails(ModelSummary):
    """Everything about a model, and where it comes from."""

    evaluations: list[ModelEvaluation]
    files: list[KeptFile]
    dataset_name: str = Field(description="When its job was made.")
    job_name: str
    content_sha256: str = Field(description="Of the dataset's bytes that it was trained on.")
    split_fingerprint: str
    attempt: TrainingAttempt
    cost_usd: float | None = Field(description="What its training did cost; null where that is not known.")


class ModelList(Value):
    """One page of models, newest first; `total` counts those of all pages."""

    items: list[ModelSummary]
    total: int
    page: int
    limit: int


class ModelDescription(Request):
    """Another name or description; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=MAX_MODEL_NAME_CHARACTERS, pattern=r"\S")
    description: str | None = Field(None, max_length=MAX_MODEL_DESCRIPTION_CHARACTERS)
