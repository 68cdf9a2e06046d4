"""The fields of the page that plans a training for what may be set by hand: prices, and every key of `overrides.py`.

Each has the value that its rule gives as a placeholder, the reason beside it, and says what is wrong with what is set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.catalogues.prices import Price
from pipeline.service.pages.train_choices import Choice
from pipeline.service.pages.train_plan import Reason
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.overrides import KEYS, refusal
from pipeline.trainers.registry import BY_NAME, are_hosted
from pipeline.trainers.value_rule import ValueRule
from pipeline.training.considering import Considered, NotPossible
from pipeline.training.setup import Setup
from pipeline.wording import sentence

_OF_MODELS = {each.own_model.key: f"{each.title}'s model" for each in BY_NAME.values() if each.own_model}
_CONDITIONAL = {*_OF_MODELS, "beta"}  # only some trainings have them
_INPUT_MODES = {"integer": "numeric", "number": "decimal"}
_SWITCH = {"true": "yes", "false": "no"}
_NO_REASON = Reason("", "", "")


@dataclass(frozen=True, slots=True)
class SettingField:
    """One thing to set."""

    name: str
    label: str
    value: str
    """What is set, empty where the rule holds."""
    by_rule: str = ""
    because: str = ""
    expected: str = ""
    error: str = ""
    input_mode: str = "text"
    choices: tuple[Choice, ...] = ()
    """None where it is typed."""


def setting_fields(
    setup: Setup, outcome: Considered | NotPossible, ruled: Considered | NotPossible, prices: Iterable[Price]
) -> tuple[SettingField, ...]:
    """The fields. ruled: what comes of the rules alone. prices: of the chosen GPU, the lowest first."""
    by_rule = _rules(ruled)
    # What is set changes what the rules give for the rest.
    by_rule |= {key: reason for key, reason in _rules(outcome).items() if key not in setup.overrides}
    usual = by_rule or dict.fromkeys(KEYS.keys() - _CONDITIONAL, _NO_REASON)
    shown = [key for key in KEYS if key in usual or key in setup.overrides]
    own = (_own_field(key, setup.overrides.get(key, ""), usual.get(key, _NO_REASON)) for key in shown)
    return (*_price_fields(setup, list(prices)), *own)


def _rules(outcome: Considered | NotPossible) -> dict[str, Reason]:
    if isinstance(outcome, NotPossible):
        return {}
    job = outcome.job
    # Among all reasons one word is enough.
    whole: dict[str, str] = {job.preset: f"as the preset {job.preset} has it"}
    said = {
        each.setting: Reason(each.setting, each.value, whole.get(each.because, each.because))
        for each in job.explanations
    }
    found = {key: said[each.setting] for key, each in KEYS.items() if each.setting in said}
    return found | {"effective_batch": _batch(job, said)}


def _batch(job: TrainingJob, said: Mapping[str, Reason]) -> Reason:
    """Jobs have it in two parts, of which the second is explained by the whole."""
    learning = job.optimisation
    batch = learning.micro_batch * learning.gradient_accumulation * job.hardware.gpu_count
    return Reason("effective_batch", str(batch), said["optimisation.gradient_accumulation"].because)


def _own_field(key: str, value: str, reason: Reason) -> SettingField:
    rule = KEYS[key].rule
    plain = key.removeprefix("is_").removeprefix("has_").replace("_", " ").capitalize()
    return SettingField(
        name=key,
        label=_OF_MODELS.get(key, plain),
        value=value,
        by_rule=reason.value,
        because=sentence(reason.because),
        expected="" if rule.kind in ("switch", "choice") else sentence(rule.expected),
        error=sentence(refusal(key, value)) if value else "",
        input_mode=_INPUT_MODES.get(rule.kind, "text"),
        choices=_choices(rule, value, reason.value),
    )


def _choices(rule: ValueRule, value: str, by_rule: str) -> tuple[Choice, ...]:
    labels = _SWITCH if rule.kind == "switch" else dict.fromkeys(rule.choices)
    if not labels:
        return ()
    first = Choice("", f"rule: {by_rule}" if by_rule else "by rule", not value)
    return (first, *(Choice(each, label or each, each == value) for each, label in labels.items()))


def _price_fields(setup: Setup, prices: list[Price]) -> Iterable[SettingField]:
    """Where there is a choice."""
    if are_hosted(setup.targets):
        return
    offers = {each.provider: _offer(each) for each in prices if each.kind == setup.price_kind}
    if setup.provider or len(offers) > 1:
        known = {"": "the lowest"} | ({setup.provider: setup.provider} if setup.provider else {}) | offers
        choices = tuple(Choice(name, label, name == (setup.provider or "")) for name, label in known.items())
        because = f"Of those that list a price of the {setup.gpu}."
        yield SettingField("provider", "Provider", setup.provider or "", because=because, choices=choices)
    if setup.price_kind == "spot" or any(each.kind == "spot" for each in prices):
        is_spot = setup.price_kind == "spot"
        kinds = (Choice("", "on demand", not is_spot), Choice("spot", "spot", is_spot))
        because = "Spot machines may be taken away at any time."
        yield SettingField("price_kind", "Price", "spot" if is_spot else "", because=because, choices=kinds)


def _offer(price: Price) -> str:
    return f"{price.provider}, {price.per_gpu_hour:,.2f} {price.currency} an hour"
