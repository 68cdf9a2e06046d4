"""Who is asked to write, annotate and judge conversations: the options of `generate plan`, and the settings behind."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.generation.estimating import Cost
    from pipeline.settings import Settings
    from pipeline.state.catalog.statuses import Purpose

Provider_ = Annotated[
    str | None,
    typer.Option("--provider", metavar="NAME", help="Who is asked. Default: LORA_LLM, or anthropic."),
]
Model_ = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Which model writes. Default: LORA_LLM_MODEL, or claude-sonnet-4-5."),
]
Annotator = Annotated[
    str | None,
    typer.Option(
        "--annotator",
        metavar="MODEL",
        help="Which one annotates them anew; '' for none. Default: LORA_LLM_ANNOTATING_MODEL.",
    ),
]
Judge = Annotated[
    str | None,
    typer.Option(
        "--judge",
        metavar="MODEL",
        help="Which one judges them, one in twenty twice; '' for none. Default: LORA_LLM_JUDGING_MODEL.",
    ),
]
Online = Annotated[bool, typer.Option("--online", help="Call by call, not in the provider's batches.")]
_USUAL_PROVIDER, _USUAL_MODEL = "anthropic", "claude-sonnet-4-5"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for what; None for nobody."""

    provider: str
    model: str
    annotator: str | None
    judge: str | None
    is_online: bool

    @property
    def models(self) -> "dict[Purpose, str]":
        """Those that are asked, by purpose."""
        named: dict[Purpose, str | None] = {
            "generate": self.model,
            "annotate": self.annotator,
            "judge": self.judge,
        }
        return {purpose: model for purpose, model in named.items() if model is not None}


def read_models(
    settings: "Settings",
    provider: str | None,
    model: str | None,
    annotator: str | None,
    judge: str | None,
    *,
    is_online: bool,
) -> Asked:
    """Who the options name, with the settings where they name nobody: those of another provider name nobody here.

    Raises:
        UsageError: no model is named for a provider.
    """
    who = provider or settings.llm or _USUAL_PROVIDER
    is_set = who == settings.llm
    writer = model or (settings.llm_model if is_set else "") or (_USUAL_MODEL if who == _USUAL_PROVIDER else "")
    if not writer:
        raise UsageError(f"--model: expected a model of {who}, found none; or set LORA_LLM_MODEL")
    reads = settings.llm_annotating_model if is_set else ""
    judges = settings.llm_judging_model if is_set else ""
    chosen = [default if said is None else said for said, default in ((annotator, reads), (judge, judges))]
    return Asked(who, writer, chosen[0] or None, chosen[1] or None, is_online)


def costs_of(settings: "Settings", asked: Asked) -> "dict[Purpose, Cost]":
    """What calls cost by purpose, of purposes that somebody is asked for.

    Raises:
        UsageError: there is no such provider, or nothing is known of what a model costs.
    """
    from pipeline.llm.backends import place_of
    from pipeline.llm.call_prices import cost_nano_usd, load_inference_prices, price_of

    place, prices = place_of(asked.provider), load_inference_prices(settings.llm_prices_file)
    is_batch = place.has_batches and not asked.is_online
    return {
        purpose: partial(cost_nano_usd, price=price_of(prices, place.provider, model), is_batch=is_batch)
        for purpose, model in asked.models.items()
    }
