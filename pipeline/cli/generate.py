"""`lora-pipeline generate`: conversations that a model writes. `plan` lays out which, and what they will cost."""

from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Group
from pipeline.cli.connections import current_settings
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.plan_options import (
    Arcs,
    Forbidden_,
    Items,
    Personas,
    Seed,
    Tiers,
    Topics,
    Weights,
    read_wish,
)
from pipeline.cli.printed_json import json_text
from pipeline.cli.printed_table import print_table
from pipeline.errors import UsageError
from pipeline.wording import compact, usd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.generation.estimating import Cost, PlanEstimate, Range
    from pipeline.generation.model import Scaffolds
    from pipeline.generation.plan import Plan

generate = typer.Typer(cls=Group, no_args_is_help=True, help="Plan conversations that a model writes.")
_NANO = 1_000_000_000


@generate.command()
def plan(
    items: Items,
    seed: Seed = 0,
    persona: Personas = None,
    arc: Arcs = None,
    topic: Topics = None,
    tier: Tiers = None,
    weight: Weights = None,
    forbid: Forbidden_ = None,
    provider: Annotated[str, typer.Option("--provider", metavar="NAME", help="Who is asked.")] = "anthropic",
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Which model writes.")] = "claude-sonnet-4-5",
    annotator: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Which one annotates a tenth of them anew. Default: none.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Which one judges them, one in twenty twice. Default: none.")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Call by call, not in the provider's batches.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Lay out which conversations are to be made: how many of each persona and arc, their tokens and their cost."""
    from pipeline.generation.estimating import estimate_plan
    from pipeline.generation.plan import make_plan
    from pipeline.generation.scaffold_files import load_scaffolds

    if not dry_run:
        raise UsageError("--dry-run: expected it, found none; a plan can be shown, and is not kept yet")
    only = {"personas": persona, "arcs": arc, "topics": topic, "tiers": tier}
    wish = read_wish(items, seed, only, weight, forbid)
    scaffolds = load_scaffolds(current_settings().scaffolds_file)
    made = make_plan(wish, scaffolds)
    models = {"generate": model, "annotate": annotator, "judge": judge}
    expected = estimate_plan(made.items, scaffolds, _costs(provider, models, is_batch=not online))
    if as_json:
        typer.echo(json_text(_as_json(made, expected)))
    else:
        _tell(made, scaffolds, expected)


def _costs(provider: str, models: "Mapping[str, str | None]", *, is_batch: bool) -> "dict[str, Cost]":
    """What calls cost by purpose, at the listed prices; of purposes that a model is named for."""
    from pipeline.llm.prices import cost_nano_usd, load_inference_prices, price_of

    prices = load_inference_prices()
    return {
        purpose: partial(cost_nano_usd, price=price_of(prices, provider, model), is_batch=is_batch)
        for purpose, model in models.items()
        if model is not None
    }


def _tell(made: "Plan", scaffolds: "Scaffolds", expected: "PlanEstimate") -> None:
    matrix = made.matrix()
    personas = list(next(iter(matrix.values())))
    names = [scaffolds.personas[persona].name for persona in personas]  # they are shorter than keys
    totals = [sum(row[persona] for row in matrix.values()) for persona in personas]
    rows = [(arc, *(row[persona] for persona in personas), sum(row.values())) for arc, row in matrix.items()]
    print_table(("arc", *names, "all"), [*rows, ("all", *totals, sum(totals))])
    print_fields(list(_fields(made, expected)))


def _fields(made: "Plan", expected: "PlanEstimate") -> "Iterator[tuple[str, str]]":
    pairs, empty = _pairs(made)
    yield "arcs × topics", f"{pairs:,} pairs, {empty:,} of them without a conversation"
    for calls in expected.calls:
        tokens = f"{compact(calls.usage.input_tokens)} tokens in, {compact(calls.usage.output_tokens)} out"
        yield calls.purpose, f"{tokens}; {_usd(calls.nano_usd)}"
    yield "cost", _usd(expected.nano_usd)
    yield "fingerprint", made.fingerprint()


def _usd(cost: "Range") -> str:
    low, expected, high = (usd(nano / _NANO) for nano in (cost.low, cost.expected, cost.high))
    return f"{expected} expected, from {low} to {high}"


def _pairs(made: "Plan") -> tuple[int, int]:
    """Pairs of arc and topic that may be, and how many of them have no conversation."""
    counts = Counter({(arc, topic): 0 for _, arc, topic in made.quotas})
    counts.update((item.arc, item.topic) for item in made.items)
    return len(counts), sum(not count for count in counts.values())


def _as_json(made: "Plan", expected: "PlanEstimate") -> dict[str, object]:
    return {
        "wish": made.wish.model_dump(mode="json"),
        "fingerprint": made.fingerprint(),
        "matrix": made.matrix(),
        "empty_pairs": _pairs(made)[1],
        "usage": asdict(expected.usage),
        "cost_nano_usd": asdict(expected.nano_usd),
        "calls": [asdict(each) for each in expected.calls],
    }
