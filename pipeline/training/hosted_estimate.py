"""What a training at a provider takes: the tokens that it bills, and their price; no hours and no memory of ours.

Trainings on GPUs are estimated in `job_estimate.py`. Which tokens a provider bills stands in its trainer's record, what
it takes for them in `pipeline/catalogues/token_prices.toml`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.catalogues.by_name import STALE_AFTER_DAYS, find_token_price, is_stale
from pipeline.catalogues.models import BaseModelSpec
from pipeline.catalogues.token_prices import TokenPrice
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME
from pipeline.trainers.trainer import Trainer
from pipeline.training.estimates.result import Range
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.wording import count_of

# Templates put marks round each turn: OpenAI's messages have three and the role, ChatML `<|im_start|>`, the role,
# `<|im_end|>` and a line break.
_MARKS_OF_TURN = 4
_OTHER_TOKENIZER = 1.1  # how many tokens the provider may count where we count one; by rule, not measured
_HIGH = f"high: {_OTHER_TOKENIZER - 1:.0%} more, as its tokenizer is not ours"
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class HostedEstimate:
    """What a training takes where a provider bills tokens. What only a GPU has is None."""

    provider: str
    billed_tokens: Range
    """Of the whole training."""
    price: TokenPrice | None
    cost_usd: Range | None
    """None where no price is listed; unpriced then says so."""
    unpriced: str
    basis: tuple[str, ...]
    peak_memory_gb: None = None
    fits: None = None
    step_time_s: None = None
    tokens_per_s_per_gpu: None = None
    hours: None = None

    def as_dict(self) -> dict[str, object]:
        """The public shape: that of every estimate, and the tokens that are billed."""
        return {
            "peak_memory_gb": None,
            "fits": None,
            "step_time_s": None,
            "tokens_per_s_per_gpu": None,
            "hours": None,
            "cost_usd": self.cost_usd.as_dict() if self.cost_usd else None,
            "billed_tokens": self.billed_tokens.as_dict(),
            "basis": list(self.basis),
            "extrapolated": [],
        }


def estimate_hosted(
    job: TrainingJob, facts: DatasetFacts, model: BaseModelSpec, prices: Sequence[TokenPrice], today: date
) -> HostedEstimate:
    """What a job takes at the first of its providers that has a price; the basis tells of all of them."""
    found = []
    for trainer in (BY_NAME[target] for target in job.targets):
        own = trainer.own_model
        name = (getattr(job, own.key) if own else "") or job.hub_id
        price = find_token_price(prices, trainer.name, name, model.parameters, job.method, job.objective)
        tokens, told = _billed(trainer, job, facts)
        found.append(priced(trainer, name, tokens, told, price, today))
    first = next((each for each in found if each.cost_usd), found[0])
    others = tuple(sentence for each in found if each is not first for sentence in each.basis)
    return replace(first, basis=(*first.basis, *others))


def priced(
    trainer: Trainer, model: str, tokens: Range, told: str, price: TokenPrice | None, today: date
) -> HostedEstimate:
    """Tokens at a price. model: the provider's name of it. told: a sentence on the tokens."""
    basis = [told]
    cost, unpriced = None, ""
    if price is None:
        unpriced = f"no price of {model} at {trainer.title} is listed; yours go into LORA_TOKEN_PRICES_FILE"
        basis.append(f"cost: {unpriced}")
    else:
        values = (tokens.low, tokens.expected, tokens.high)
        low, expected, high = (max(price.minimum_usd, each * price.usd_per_million / _MILLION) for each in values)
        cost = _range(low, expected, high)
        basis.append(_price_sentence(trainer, price, today))
    return HostedEstimate(trainer.title, tokens, price, cost, unpriced, tuple(basis))


def tokens_of_passes(trainer: Trainer, tokens: int, epochs: float) -> tuple[Range, str]:
    """The billed tokens of rows of which only these are known, and a sentence on them."""
    told = f"tokens: {trainer.title} bills those of the training rows in every pass, here {epochs:g}; {_HIGH}"
    if trainer.bills_full_rows:
        told += "; rows that are not packed count at their full length, so take rows × length for those"
    return _range(tokens * epochs, tokens * epochs, tokens * epochs * _OTHER_TOKENIZER), told


def _billed(trainer: Trainer, job: TrainingJob, facts: DatasetFacts) -> tuple[Range, str]:
    """The tokens that a provider bills for a job, and a sentence on them."""
    contents, epochs = job.data.train_tokens, job.optimisation.epochs
    passes = count_of(epochs, "pass", "passes")
    marked = contents + _MARKS_OF_TURN * facts.turns * facts.train_rows / max(1, facts.rows)
    if trainer.bills_full_rows and not job.is_packed:
        full = job.data.train_rows * job.max_length
        one_pass = Range(min(contents, full), full, full)
        told = (
            f"tokens: {trainer.title} bills rows that are not packed at their full length, "
            f"{job.data.train_rows:,} of {job.max_length:,} tokens in {passes}; low: their contents alone"
        )
    else:
        one_pass = Range(contents, marked, marked * _OTHER_TOKENIZER)
        told = (
            f"tokens: {trainer.title} bills the contents of the training rows and about {_MARKS_OF_TURN} marks round "
            f"each turn, in {passes}; low: the contents alone; {_HIGH}"
        )
    times = trainer.billed_evaluations if facts.validation_rows else 0
    validation = times * facts.tokens * facts.validation_rows / max(1, facts.rows)
    if times:
        told += f"; and the validation rows {count_of(times, 'time')}"
    values = (one_pass.low, one_pass.expected, one_pass.high)
    return _range(*(each * epochs + validation for each in values)), told


def _price_sentence(trainer: Trainer, price: TokenPrice, today: date) -> str:
    model = f"a model of {price.name}" if price.is_of_class else price.name
    of = ", ".join(filter(None, (price.method, price.objective)))
    least = f", at least {price.minimum_usd:g} USD" if price.minimum_usd else ""
    old = f"; older than {STALE_AFTER_DAYS} days" if is_stale(price, today) else ""
    note = f"; {price.note}" if price.note else ""
    return (
        f"price: {price.usd_per_million:g} USD for a million trained tokens of {model}{f' ({of})' if of else ''} "
        f"at {trainer.title}{least}, as of {price.as_of} ({price.source}){old}{note}"
    )


def _range(low: float, expected: float, high: float) -> Range:
    """Four digits, as every estimate has."""
    return Range(*(float(f"{value:.4g}") for value in (low, expected, high)))
