"""Training files: chosen conversations in every form, built once, sent on to the datasets."""

from datetime import datetime
from typing import Any

from pydantic import Field

from pipeline.contract.conversation_values import ConversationQuery
from pipeline.contract.http_answers import Request, Value
from pipeline.contract.training_values import KeptFile
from pipeline.contract.values import MAX_NAME_CHARACTERS, DatasetSummary, JobSummary


class TrainingFileSummary(Value):
    """One training file in a list."""

    id: str
    user_id: str
    name: str
    version: int = Field(description="Of the files of its name, from 1.")
    conversation_count: int
    total_training_pairs: int
    cost_usd: float = Field(description="What making its conversations did cost, failed draws included.")
    cost_nano_usd: int = Field(description="The same in billionths, exact.")
    content_sha256: str = Field(description="Of `native.jsonl`, which becomes the dataset.")
    dataset_id: str | None = Field(description="Once it was sent to the datasets.")
    created_at: datetime


class TrainingFileList(Value):
    """One page of training files, newest first; `total` counts those of all pages."""

    items: list[TrainingFileSummary]
    total: int
    page: int
    limit: int


class TrainingFileMember(Value):
    """A conversation of a file, as it was known when the file was built."""

    position: int = Field(description="From 1.")
    conversation_id: str
    version: int
    title: str
    persona: str
    arc: str
    topic: str
    quality_tier: str | None
    split: str | None
    is_reviewed: bool


class TrainingFileDetails(TrainingFileSummary):
    """Everything about a training file, with one page of its conversations."""

    query: dict[str, Any] = Field(description="Which conversations were meant.")
    files: list[KeptFile] = Field(description="`GET /api/training-files/{file_id}/files/{name}` gives each.")
    members: list[TrainingFileMember]
    page: int
    limit: int
    dataset: DatasetSummary | None
    jobs: list[JobSummary] = Field(description="The newest training jobs made of its dataset.")


class NewTrainingFile(Request):
    """A training file that is wanted: accepted conversations only, without repeats."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARACTERS, pattern=r"\S", examples=["Money talk"])
    query: ConversationQuery = Field(
        default_factory=lambda: ConversationQuery(), description="Which of the accepted conversations are meant."
    )


class BuiltTrainingFile(Value):
    """The file, and what was left out of it because another conversation says nearly the same."""

    file: TrainingFileDetails
    repeated: list[str] = Field(description="Ids of conversations, the first 1,000.")
    repeated_count: int


class TrainingFileWish(Request):
    """Which conversations a file would be made of."""

    query: ConversationQuery = Field(default_factory=lambda: ConversationQuery())


class TrainingFilePreview(Value):
    """What a file would have; nothing is built."""

    conversation_count: int
    repeated_count: int = Field(description="More that are left out, because others say nearly the same.")
    total_training_pairs: int
    cost_usd: float
    cost_nano_usd: int
    reviewed_count: int = Field(description="Of those a person read.")
    unjudged_count: int = Field(description="Of those without a judgement that holds.")
    personas: dict[str, int]
    arcs: dict[str, int]
    topics: dict[str, int]
    quality_tiers: dict[str, int] = Field(description="`none`: of those without a tier.")
    splits: dict[str, int]
