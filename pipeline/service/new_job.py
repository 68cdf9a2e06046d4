"""A training job that is asked for over the API; everything else that goes over the wire is in `pipeline/contract/`."""

from pydantic import Field

from pipeline.contract.http_answers import Request
from pipeline.trainers.registry import DEFAULT
from pipeline.trainers.target_name import TargetName
from pipeline.trainers.workload import Method
from pipeline.training.jobs.offered import MOST_GPUS


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
