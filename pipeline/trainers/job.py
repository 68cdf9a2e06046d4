"""The canonical training job, from which every trainer's files are rendered; nothing of it depends on a trainer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.trainers.target_name import TargetName
from pipeline.trainers.trainer import Objective
from pipeline.trainers.workload import LossKernel, Method

DEFAULT_OPENAI_MODEL = "gpt-4.1-mini-2025-04-14"
PresetName = Literal["conservative", "balanced", "aggressive"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JobData(_Part):
    """The dataset version that is trained on, and its split. Tokens are the estimate of the dataset's profile."""

    dataset_id: str
    dataset_name: str
    content_sha256: str
    format: str
    train_rows: int = Field(ge=1)
    validation_rows: int = Field(ge=0)
    train_tokens: int = Field(ge=0)
    rows_truncated: int = Field(ge=0)
    rows_without_supervised_tokens: int = Field(ge=0)  # at max_length; they are left out of the training file


class Targets(_Part):
    """Which weights LoRA adapts."""

    modules: tuple[str, ...] = ()
    """Names of linear layers; none: all of them, the head apart."""
    experts: tuple[str, ...] = ()
    """Parameters of the experts' stacks, each with an adapter of `expert_rank` an expert; empty of dense models."""
    expert_rank: int = Field(default=1, ge=1, le=1024)
    is_vision: bool = False
    """Whether the model may see, so that layers of the same names in its tower are to be left alone."""


class Adapter(_Part):
    """LoRA."""

    targets: Targets = Targets()
    rank: int = Field(ge=1, le=1024)
    alpha: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    is_rank_stabilised: bool = False


class Optimisation(_Part):
    """How it learns."""

    learning_rate: float = Field(gt=0, le=0.01)
    schedule: Literal["cosine", "linear", "constant"]
    warmup_share: float = Field(ge=0, le=0.5)
    """Of all steps."""
    weight_decay: float = Field(ge=0, le=1)
    max_grad_norm: float = Field(gt=0)
    epochs: int = Field(ge=1, le=50)
    """Passes over the training rows."""
    micro_batch: int = Field(ge=1)
    gradient_accumulation: int = Field(ge=1)
    steps: int = Field(ge=1)  # optimiser steps of the whole training
    seed: int = 42


class Hardware(_Part):
    """What it is planned for; names of the catalogue."""

    gpu: str
    gpu_count: int = Field(ge=1)
    has_bf16: bool = True
    is_sharded: bool = False
    """Whether weights, gradients and optimiser are shared out over the GPUs (FSDP2, ZeRO-3), because a replica does not
    fit."""


class Explanation(_Part):
    """Why a value is what it is."""

    setting: str
    """Its path in the job, as `optimisation.epochs`."""
    value: str
    because: str


class TrainingJob(_Part):
    """One training of one base model on one dataset version. Same inputs, same job, same id."""

    job_id: str
    name: str
    targets: tuple[TargetName, ...] = Field(min_length=1)
    preset: PresetName
    objective: Objective = "sft"  # follows from the dataset's format
    base_model: str  # of the catalogue
    hub_id: str
    chat_template: str
    openai_model: str = DEFAULT_OPENAI_MODEL  # OpenAI trains only its own
    auto_class: str = "AutoModelForCausalLM"  # of Transformers
    layer_class: str = ""  # what is shared out at once; empty: what Transformers keeps whole
    own_quantisation: Literal["", "mxfp4", "fp8"] = ""  # in which its weights come; they are widened to BF16
    together_model: str = ""  # Together's name of the base model; empty: the hub's
    method: Method
    max_length: int = Field(ge=8)
    is_packed: bool = False
    has_gradient_checkpointing: bool = True
    loss_kernel: LossKernel = "full"
    beta: float | None = Field(default=None, gt=0, le=10)  # of judgements: how closely it keeps to the base model
    data: JobData
    adapter: Adapter | None  # None for full fine-tuning
    optimisation: Optimisation
    hardware: Hardware
    explanations: tuple[Explanation, ...] = ()
    warnings: tuple[str, ...] = ()
