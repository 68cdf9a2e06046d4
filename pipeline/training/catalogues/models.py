"""Base models: the dimensions that estimates need, and the names that trainers know them by."""

from pydantic import Field

from pipeline.training.catalogues.entry import Entry


class BaseModelSpec(Entry):
    """A decoder-only transformer. Dense models have one expert, all of it active.

    hub_id: the name on the model hub, which trainers take. parameters: as published, all experts counted.
    template: the family of its chat template, as trainers name it (LLaMA-Factory's `template`).
    """

    hub_id: str
    parameters: int = Field(gt=0)
    layers: int = Field(gt=0)
    hidden_size: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)  # of one expert in a mixture of experts
    vocabulary: int = Field(gt=0)
    attention_heads: int = Field(gt=0)
    key_value_heads: int = Field(gt=0)
    head_size: int = Field(gt=0)
    is_tied: bool  # whether the output head is the input embedding
    experts: int = Field(default=1, ge=1)
    active_experts: int = Field(default=1, ge=1)
    context_length: int = Field(gt=0)
    template: str
    licence: str

    def names(self) -> tuple[str, ...]:
        """Its name on the hub finds it, too."""
        return (*super().names(), self.hub_id)
