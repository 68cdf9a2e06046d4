"""What somebody wants made, over the API; everything else that goes over the wire is in `pipeline/contract/`.

Who is asked is the installation's own: an address from outside would be shown its key.
"""

from typing import Annotated

from pydantic import Field, ValidationError

from pipeline.contract.http_answers import Request
from pipeline.contract.values import MAX_NAME_CHARACTERS
from pipeline.errors import UsageError
from pipeline.flow.generation.planning import BatchWish
from pipeline.generation.model import Key, Tier
from pipeline.generation.wish import MAX_ITEMS, Axis, PlanWish
from pipeline.settings import Settings
from pipeline.state.catalog.costs import NANO

_MAX_KEYS = 1_000
_MODEL = "null: as the installation is set."
Keys = Annotated[list[Key], Field(max_length=_MAX_KEYS)]
Weight = Annotated[float, Field(gt=0, le=1_000_000)]


class ForbiddenCell(Request):
    """What is not to be combined: every cell that has all of the keys that are given, two or three."""

    persona: Key | None = None
    arc: Key | None = None
    topic: Key | None = None


class NewBatch(Request):
    """Conversations that are wanted."""

    items: int = Field(ge=1, le=MAX_ITEMS, description="How many.", examples=[300])
    seed: int = Field(0, ge=0, lt=2**53, description="The same wish with the same seed is the same plan.")
    personas: Keys = Field(default_factory=list)
    """Only these; empty for all that are active."""
    arcs: Keys = Field(default_factory=list)
    """Only these; empty for all that are active."""
    topics: Keys = Field(default_factory=list)
    """Only these; empty for all that are active."""
    tiers: list[Tier] = Field([], max_length=10)
    """Only these; empty for all that are active."""
    weights: dict[Axis, Annotated[dict[Key, Weight], Field(max_length=_MAX_KEYS)]] = Field(
        default_factory=dict, description="How much of the items a key gets, by axis; 1 for the others."
    )
    forbidden: list[ForbiddenCell] = Field([], max_length=_MAX_KEYS)
    name: str = Field("", max_length=MAX_NAME_CHARACTERS, examples=["Money talk, spring"])
    model: str | None = Field(None, min_length=1, max_length=200, description=f"Who writes; {_MODEL}")
    annotating_model: str | None = Field(None, max_length=200, description=f"Empty: nobody; {_MODEL}")
    judging_model: str | None = Field(None, max_length=200, description=f"Not who writes; empty: nobody; {_MODEL}")
    is_batched: bool | None = Field(
        None, description="By the provider's batches, cheaper and slower; null: where it has some."
    )
    budget_usd: float = Field(0, ge=0, le=1e6, description="What it may cost in all, in US dollars.", examples=[5.0])
    language: str | None = Field(
        None,
        pattern="^[a-z]{2}$",
        description="That answers are to be in, as ISO 639-1 has it; null: any.",
        examples=["en"],
    )

    def wish(self, settings: Settings) -> BatchWish:
        """The same as the core takes it, with what the installation is set to where nothing is said.

        Raises:
            UsageError: the installation asks nobody, or a forbidden cell names less than two keys.
        """
        model = self.model or settings.llm_model
        if not settings.llm or not model:
            raise UsageError("expected an installation that asks a model, found none: its operator sets LORA_LLM")
        return BatchWish(
            plan=self._plan(),
            provider=settings.llm,
            model=model,
            name=self.name.strip(),
            annotating_model=_or_set(self.annotating_model, settings.llm_annotating_model),
            judging_model=_or_set(self.judging_model, settings.llm_judging_model),
            is_batched=self.is_batched,
            budget_nano_usd=round(self.budget_usd * NANO),
            language=self.language,
        )

    def _plan(self) -> PlanWish:
        try:
            return PlanWish.model_validate(self.model_dump(include=set(PlanWish.model_fields)))
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise UsageError(faults) from None


def _or_set(said: str | None, setting: str) -> str | None:
    """A model that is asked; None for nobody."""
    return (setting if said is None else said) or None
