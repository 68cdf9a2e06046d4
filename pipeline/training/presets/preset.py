"""What a preset says; the rules that apply it to a dataset are in `pipeline.training.jobs`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.catalogues.entry import Entry
from pipeline.catalogues.models import BaseModelSpec
from pipeline.trainers.job import PresetName


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateBySize(_Part):
    """Learning rates by parameters of the base model, in billions."""

    up_to_15b: float = Field(gt=0, le=0.01)
    up_to_40b: float = Field(gt=0, le=0.01)
    above: float = Field(gt=0, le=0.01)

    def of(self, model: BaseModelSpec) -> float:
        """The rate of a model."""
        if model.parameters <= 15e9:
            return self.up_to_15b
        return self.up_to_40b if model.parameters <= 40e9 else self.above


class RateFormula(_Part):
    """base · (2000 / hidden size) ** exponent; exponents by family, a part of the model's name in lower case."""

    base: float = Field(gt=0, le=0.01)
    exponents: dict[str, float] = Field(min_length=1)

    def of(self, model: BaseModelSpec) -> float | None:
        """The rate of a model; None for a family whose exponent nobody has measured."""
        for family, exponent in self.exponents.items():
            if family in model.name.lower() or family in model.hub_id.lower():
                return float(self.base * (2000 / model.hidden_size) ** exponent)
        return None


class Judged(_Part):
    """Of preferences and single judgements (DPO, KTO)."""

    learning_rate: float = Field(default=5e-6, gt=0, le=0.01)
    beta: float = Field(default=0.1, gt=0, le=10)
    """The more, the closer it keeps to the base model."""
    usual_epochs: int = Field(default=1, ge=1, le=50)
    max_epochs: int = Field(default=3, ge=1, le=50)


class Preset(Entry):
    """How strongly a job trains."""

    name: PresetName
    title: str
    rank: int = Field(ge=1, le=1024)
    alpha: int = Field(ge=1, le=4096)
    learning_rate: RateBySize
    learning_rate_formula: RateFormula | None = None
    """Learning_rate is then the most."""
    usual_epochs: int = Field(ge=1, le=50)
    """Where the dataset's size asks for neither more nor less."""
    max_epochs: int = Field(ge=1, le=50)
    effective_batch: int = Field(ge=1, le=4096)
    """Rows of a step."""
    dropout: float = Field(ge=0, lt=1)
    dropout_of_few_rows: float = Field(ge=0, lt=1)
    """Under 1,000."""
    warmup_share: float = Field(ge=0, le=0.5)
    schedule: Literal["cosine", "linear", "constant"]
    weight_decay: float = Field(ge=0, le=1)
    max_grad_norm: float = Field(gt=0)
    has_rank_by_capacity: bool = False
    """Whether the rank grows with the dataset's tokens."""
    judged: Judged = Judged()
    """In place of learning_rate and of the passes where answers are compared; presets of a user's own may leave it out.
    """

    def of_judgements(self) -> "Preset":
        """The preset with the passes that it makes where answers are compared."""
        return self.model_copy(update={"usual_epochs": self.judged.usual_epochs, "max_epochs": self.judged.max_epochs})
