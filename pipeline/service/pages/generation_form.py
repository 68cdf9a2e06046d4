"""The form that plans a batch of conversations: what was typed, what can be chosen, and the wish that it says.

What the wish takes is in `generation_estimate.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import ValidationError

from pipeline.errors import UsageError
from pipeline.generation.wish import MAX_ITEMS
from pipeline.generation.wish_text import forbidden_in, weights_in
from pipeline.service.new_batch import NewBatch
from pipeline.service.pages.forms import Pairs
from pipeline.service.pages.made_names import TIERS, ScaffoldNames
from pipeline.service.pages.train_choices import Choice

USUAL_ITEMS = 100
NEW_URL = "/generation/new"
MANY = ("personas", "arcs", "topics", "tiers")
_LINES = ("weights", "forbidden")
_ONE = ("name", "items", "seed", "model", "annotating_model", "judging_model", "sending", "language", *_LINES)
_SENDING: dict[str, tuple[str, bool | None]] = {
    "": ("As it is cheaper", None),
    "batches": ("In batches", True),
    "calls": ("One by one", False),
}
_MOST_CHARACTERS, _MOST_LINES_CHARACTERS, _MOST_FIELDS = 200, 4_000, 4_000


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """Options that stand together."""

    title: str
    """Empty where there is one group only."""
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Chooser:
    """A field of which several may be chosen, or none for all of them."""

    name: str
    label: str
    groups: tuple[ChoiceGroup, ...]
    chosen_count: int
    count: int


@dataclass(frozen=True, slots=True)
class GenerationForm:
    """The fields, as they were typed."""

    name: str
    items: str
    seed: str
    model: str
    annotating_model: str
    judging_model: str
    language: str
    weights: str
    forbidden: str
    sending: tuple[Choice, ...]
    tiers: tuple[Choice, ...]
    choosers: tuple[Chooser, ...]
    models: tuple[str, ...]
    """Names that have a price."""
    asked: Pairs
    """All of it, to be sent again."""


def asked_of(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """What the fields of the form ask for; others are left out."""
    known = [
        (name, value.strip()[: _MOST_LINES_CHARACTERS if name in _LINES else _MOST_CHARACTERS])
        for name, value in pairs
        if name in (*_ONE, *MANY)
    ]
    return tuple(known[:_MOST_FIELDS])


def plan_url(asked: Pairs) -> str:
    """The address of the page with a choice."""
    return f"{NEW_URL}?{urlencode(asked, errors='replace')}" if asked else NEW_URL


def items_of(asked: Pairs) -> int:
    """How many are asked for, where it is a number."""
    text = dict(asked).get("items") or str(USUAL_ITEMS)
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def wish_of(asked: Pairs, budget_usd: float | None = None) -> NewBatch:
    """The wish that a form says.

    Raises:
        UsageError: a value is missing or out of range; names each.
    """
    one = dict(asked)
    sending = _SENDING.get(one.get("sending", ""), _SENDING[""])
    values: dict[str, object] = {
        "items": _whole("items", one.get("items") or str(USUAL_ITEMS)),
        "seed": _whole("seed", one.get("seed") or "0"),
        "name": one.get("name", ""),
        "model": one.get("model") or None,
        "annotating_model": one.get("annotating_model"),
        "judging_model": one.get("judging_model"),
        "is_batched": sending[1],
        "language": one.get("language") or None,
        "budget_usd": budget_usd or 0,
        "weights": weights_in(_lines(one, "weights"), "weights"),
        "forbidden": forbidden_in(_lines(one, "forbidden"), "never together"),
        **{name: list(dict.fromkeys(_many(asked, name))) for name in MANY},
    }
    try:
        return NewBatch.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise UsageError(faults) from None


def generation_form(
    asked: Pairs, usual: Mapping[str, str], names: ScaffoldNames, models: Sequence[str]
) -> GenerationForm:
    """The fields. usual: models that the installation is set to, by field. names: of scaffolds that plans draw."""
    one, arcs = dict(asked), {tier: _arcs_of(names, tier) for tier in TIERS}
    return GenerationForm(
        name=one.get("name", ""),
        items=one.get("items") or str(USUAL_ITEMS),
        seed=one.get("seed") or "0",
        model=one.get("model") or usual["model"],
        annotating_model=one.get("annotating_model", usual["annotating_model"]),
        judging_model=one.get("judging_model", usual["judging_model"]),
        language=one.get("language", ""),
        weights=one.get("weights", ""),
        forbidden=one.get("forbidden", ""),
        sending=tuple(
            Choice(value, label, value == one.get("sending", "")) for value, (label, _said) in _SENDING.items()
        ),
        tiers=_choices(TIERS, _many(asked, "tiers")),
        choosers=(
            _chooser("personas", "Personas", {"": names.personas}, asked),
            _chooser("arcs", "Emotional arcs", {TIERS[tier]: found for tier, found in arcs.items() if found}, asked),
            _chooser("topics", "Topics", {"": names.topics}, asked),
        ),
        models=tuple(models),
        asked=asked,
    )


def _chooser(name: str, label: str, groups: Mapping[str, Mapping[str, str]], asked: Pairs) -> Chooser:
    wanted = _many(asked, name)
    found = tuple(ChoiceGroup(title, _choices(labels, wanted)) for title, labels in groups.items())
    every = [choice for group in found for choice in group.choices]
    return Chooser(name, label, found, sum(choice.is_chosen for choice in every), len(every))


def _choices(labels: Mapping[str, str], wanted: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(key, label, key in wanted) for key, label in labels.items())


def _arcs_of(names: ScaffoldNames, tier: str) -> dict[str, str]:
    return {key: name for key, name in names.arcs.items() if names.tiers[key] == tier}


def _many(asked: Pairs, name: str) -> list[str]:
    return [value for field, value in asked if field == name and value]


def _lines(one: Mapping[str, str], name: str) -> list[str]:
    return [line.strip() for line in one.get(name, "").splitlines() if line.strip()]


def _whole(name: str, text: str) -> int:
    if not (text.isdecimal() and len(text) < 17):
        raise UsageError(f"{name}: expected a whole number, found {text[:20]!r}; at most {MAX_ITEMS:,} items")
    return int(text)
