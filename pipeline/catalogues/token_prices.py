"""What providers take for trained tokens: an input with day and source, as prices of GPUs are.

Which tokens a provider bills is known of its trainer (`pipeline/trainers/trainer.py`).
"""

from typing import Literal

from pydantic import Field

from pipeline.catalogues.entry import Entry


class TokenPrice(Entry):
    """USD for a million trained tokens. name: of the provider's model, or of a class of sizes, as `up to 16B`."""

    provider: str = Field(min_length=1)
    """As its trainer is named: `openai`."""
    usd_per_million: float = Field(gt=0)
    method: Literal["lora", "full"] | None = None
    """What is trained; None where the provider makes no difference."""
    objective: Literal["sft", "preference"] | None = None
    """What is learned; None where the provider makes no difference."""
    parameters_over: float | None = Field(default=None, ge=0)
    """Of a class: its models have more than these."""
    parameters_up_to: float | None = Field(default=None, gt=0)
    """Of a class: its models have no more than these; None for all larger ones."""
    minimum_usd: float = Field(default=0, ge=0)
    """What the smallest training costs."""
    note: str = ""
    """What else to know before paying."""

    @property
    def is_of_class(self) -> bool:
        """Whether it holds for models of some size, not for one model."""
        return self.parameters_over is not None

    def has_size(self, parameters: int) -> bool:
        """Whether a model of so many parameters is of its class."""
        return (
            self.parameters_over is not None
            and self.parameters_over < parameters
            and (self.parameters_up_to is None or parameters <= self.parameters_up_to)
        )
