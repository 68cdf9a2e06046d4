"""Training jobs that are asked for over the API; everything else that goes over the wire is in `pipeline/contract/`."""

from typing import Literal

from pydantic import Field

from pipeline.catalogues.prices import PriceKind
from pipeline.contract.http_answers import Request
from pipeline.trainers.registry import DEFAULT
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.workload import Method
from pipeline.training.jobs.offered import MOST_GPUS
from pipeline.training.setup import Setup


class NewJob(Request):
    """A training job that is wanted, by names of the catalogues (`lora-pipeline jobs`, docs/training.md)."""

    model: str = Field(min_length=1, max_length=200, examples=["Qwen3-8B"])
    preset: str = Field("balanced", max_length=200, examples=["balanced"])
    gpu: str = Field("A100-80GB-SXM", max_length=200, examples=["RTX-4090"])
    gpu_count: int = Field(1, ge=1, le=MOST_GPUS)
    method: Method | None = Field(None, description="Without one the GPU decides.")
    targets: list[TargetName] = Field(
        [DEFAULT], min_length=1, max_length=20, description="Trainers to write configs for."
    )
    overrides: dict[str, str] = Field(
        default_factory=dict, max_length=100, description="Settings by key, as text.", examples=[{"epochs": "2"}]
    )
    provider: str | None = Field(None, max_length=200, description="At whose price; null: at the lowest.")
    price_kind: PriceKind = "on-demand"

    def setup(self) -> Setup:
        """The same as the core takes it."""
        return Setup(
            model=self.model,
            preset=self.preset,
            gpu=self.gpu,
            gpu_count=self.gpu_count,
            method=self.method,
            targets=tuple(self.targets),
            overrides=self.overrides,
            provider=self.provider,
            price_kind=self.price_kind,
        )


class NewJobOfDataset(NewJob):
    """A training job that is wanted of a dataset."""

    dataset_id: str = Field(min_length=1, max_length=200)


class WantedComparison(Request):
    """Trainings of a dataset to compare: each as it is, or each on every GPU that is named."""

    dataset_id: str = Field(min_length=1, max_length=200)
    setups: list[NewJob] = Field(min_length=1, max_length=50)
    gpus: list[str] | Literal["all"] = Field(
        [], max_length=200, description="Names of the catalogue, or `all` of it; none: each setup on its own GPU."
    )
