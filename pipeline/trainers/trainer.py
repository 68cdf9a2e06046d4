"""All that is known of a trainer, in one record; its folder's `__init__.py` holds it, and every list follows from it.

Records are light: `lora-pipeline check` reads them. What writes a trainer's files is imported when a job is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

# Learning answers; the better of two answers (DPO); from answers liked or not; plain texts (continued pre-training).
Objective = Literal["sft", "preference", "kto", "text"]


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A hosted trainer's own name of the base model."""

    key: str
    """The field of the job that holds it; the base model's name on the hub where that is empty."""
    because: str
    """Why it is that one; `{base_model}` stands for the job's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """A trainer, or a model whose chat template every trainer applies."""

    name: str
    """As options, settings, files and the API name it; its folder has `_` for `-`."""
    title: str
    """As lists name it for people, in a word."""
    rank: int
    """Its place in lists, from 1."""
    is_hosted: bool = False
    """Whether a provider trains, so that nobody needs a GPU."""
    bills_full_rows: bool = False
    """Whether its provider bills rows that are not packed as if each had the full length."""
    billed_evaluations: int = 0
    """How often our files have the validation rows read, where the provider bills that, too."""
    has_rules: bool = True
    """Whether it says itself what it takes, in `acceptance.toml`."""
    judged_as: str = ""
    """Whose rules hold for its jobs; its own where this is empty."""
    has_chunked_loss: bool = False
    """Whether it never holds all logits of a micro batch (trl 1.16.0, SFTConfig.loss_type)."""
    has_fused_kernels: bool = False
    """Whether it compiles or fuses its kernels."""
    quantises_experts: bool = False
    """Whether its QLoRA has experts in 4 bits, which are no linear layers and stay in BF16 elsewhere."""
    widens_embeddings: bool = False
    """Whether its QLoRA has embeddings and head in FP32 (`prepare_model_for_kbit_training` of PEFT)."""
    has_several_gpus: bool = True
    """Whether its files use more than one GPU."""
    can_shard: bool = False
    """Whether they can share out weights, gradients and optimiser over GPUs (FSDP2, ZeRO-3)."""
    own_model: OwnModel | None = None
    """Where it trains models under names of its own."""
    kto_templates: Mapping[str, str] | None = None
    """Chat templates of models that it has prompts of judgements for, by ours; None: it applies the model's own."""
    objectives: tuple[Objective, ...] = ()
    """What it learns in our files; empty where we write none for it."""
    renderers: Callable[[], Mapping[Objective, object]] | None = None
    """What writes its files (`Renderer`), by objective; `rendered.py` asks for them."""

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.name.replace("-", "_")

    @property
    def label(self) -> str:
        """As a field for people names it."""
        return f"{self.title} (hosted)" if self.is_hosted else self.title
