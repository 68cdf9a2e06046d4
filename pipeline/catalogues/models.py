"""Base models: the dimensions that estimates need, and the names that trainers know them by."""

from pydantic import Field

from pipeline.catalogues.entry import Entry


class BaseModelSpec(Entry):
    """A decoder-only transformer. Dense models have one expert, all of it active.

    hub_id: the name on the model hub, which trainers take; instruct_hub_id: of the sibling that was taught to answer,
    where there is one: same dimensions, other weights. parameters: as published, all experts counted.
    template: the family of its chat template, as trainers name it (LLaMA-Factory's `template`).
    """

    hub_id: str
    instruct_hub_id: str | None = None
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
        """Its name on the hub finds it, too, with the owner or without."""
        return (*super().names(), self.hub_id, self.hub_id.rpartition("/")[2])

    def taught(self) -> "BaseModelSpec | None":
        """The sibling that was taught to answer, where there is one."""
        if self.instruct_hub_id is None:
            return None
        changes = {"name": self.instruct_hub_id.rpartition("/")[2], "hub_id": self.instruct_hub_id}
        return self.model_copy(update={**changes, "aliases": (), "instruct_hub_id": None})
