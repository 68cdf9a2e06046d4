"""`lora-pipeline generate plan`: which conversations are to be made, and what they will cost; nobody is asked yet."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.batch_options import NANO, Budget, expected_cost, in_dollars, nano_of
from pipeline.cli.connections import current_settings, open_making
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.model_options import Annotator, Asked, Judge, Model_, Online, Provider_, costs_of, read_models
from pipeline.cli.owner import Owner
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
from pipeline.cli.scaffold_source import bring_up_to_date, scaffolds_to_draw
from pipeline.errors import UsageError
from pipeline.wording import compact

if TYPE_CHECKING:
    from pipeline.flow.generation.planning import BatchWish
    from pipeline.generation.estimating import PlanEstimate
    from pipeline.generation.model import Scaffolds
    from pipeline.generation.plan import Plan
    from pipeline.generation.wish import PlanWish
    from pipeline.settings import Settings
    from pipeline.state.catalog.generation_records import Batch


@dataclass(frozen=True, slots=True)
class _Laid:
    """A plan with what it is of."""

    plan: "Plan"
    scaffolds: "Scaffolds"
    batch: "Batch | None" = None
    """None of one that is not kept."""


def plan(
    items: Items,
    seed: Seed = 0,
    persona: Personas = None,
    arc: Arcs = None,
    topic: Topics = None,
    tier: Tiers = None,
    weight: Weights = None,
    forbid: Forbidden_ = None,
    provider: Provider_ = None,
    model: Model_ = None,
    annotator: Annotator = None,
    judge: Judge = None,
    online: Online = False,
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="That answers are to be in, as en. Default: what most are in.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="Of the batch. Default: how many there are.")] = "",
    budget: Budget = None,
    owner: Owner = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Lay out which conversations are to be made: how many of each persona and arc, their tokens and their cost.

    The batch is kept, and nobody is asked yet: `generate start` does that.
    """
    from pipeline.dataset.tokens import load_tokenizer
    from pipeline.generation.estimating import estimate_plan

    settings = current_settings()
    only = {"personas": persona, "arcs": arc, "topics": topic, "tiers": tier}
    wish = read_wish(items, seed, only, weight, forbid)
    asked = read_models(settings, provider, model, annotator, judge, is_online=online)
    costs, user = costs_of(settings, asked), owner or settings.default_owner
    if dry_run:
        laid = _laid_out(settings, user, wish, asked)
    else:
        laid = _kept(settings, user, _batch_wish(wish, asked, name, language, budget))
    tokenizer = load_tokenizer(settings.tokenizer)
    expected = estimate_plan(laid.plan.items, laid.scaffolds, costs, tokenizer=tokenizer)
    if as_json:
        typer.echo(json_text(_as_json(laid, expected)))
        return
    _tell(laid, expected)
    if laid.batch is not None:
        _tell_next(laid.batch, expected)


def _laid_out(settings: "Settings", user: str, wish: "PlanWish", asked: Asked) -> _Laid:
    """Without a catalog, where there is none."""
    from pipeline.generation.judging import check_judge
    from pipeline.generation.plan import make_plan

    if asked.judge is not None:
        check_judge(asked.judge, asked.model)
    scaffolds = scaffolds_to_draw(settings, user)
    return _Laid(make_plan(wish, scaffolds), scaffolds)


def _kept(settings: "Settings", user: str, wish: "BatchWish") -> _Laid:
    from pipeline.clock import utc_now
    from pipeline.flow.generation.planning import keep, lay_out

    with open_making(settings, make=True) as making:
        bring_up_to_date(making.catalog, settings)
        laid = lay_out(making, user, wish)
        return _Laid(laid.plan, laid.scaffolds, keep(making, user, laid, utc_now()))


def _batch_wish(
    wish: "PlanWish", asked: Asked, name: str, language: str | None, budget_usd: float | None
) -> "BatchWish":
    from pipeline.flow.generation.planning import BatchWish

    if language is not None and not re.fullmatch("[a-z]{2}", language):
        raise UsageError(f"--language: expected two letters of ISO 639-1, as en, found {language!r}")
    return BatchWish(
        plan=wish,
        provider=asked.provider,
        model=asked.model,
        name=name.strip(),
        annotating_model=asked.annotator,
        judging_model=asked.judge,
        is_batched=False if asked.is_online else None,
        budget_nano_usd=nano_of(budget_usd) or 0,
        language=language,
    )


def _tell(laid: _Laid, expected: "PlanEstimate") -> None:
    matrix = laid.plan.matrix()
    personas = list(next(iter(matrix.values())))
    names = [laid.scaffolds.personas[persona].name for persona in personas]  # they are shorter than keys
    totals = [sum(row[persona] for row in matrix.values()) for persona in personas]
    rows = [(arc, *(row[persona] for persona in personas), sum(row.values())) for arc, row in matrix.items()]
    print_table(("arc", *names, "all"), [*rows, ("all", *totals, sum(totals))])
    print_fields(list(_fields(laid, expected)))


def _fields(laid: _Laid, expected: "PlanEstimate") -> Iterator[tuple[str, str]]:
    pairs, empty = _pairs(laid.plan)
    yield "arcs × topics", f"{pairs:,} pairs, {empty:,} of them without a conversation"
    for calls in expected.calls:
        tokens = f"{compact(calls.usage.input_tokens)} tokens in, {compact(calls.usage.output_tokens)} out"
        yield calls.purpose, f"{tokens}; {expected_cost(calls.nano_usd)}"
    yield "cost", expected_cost(expected.nano_usd)
    yield "fingerprint", laid.plan.fingerprint()
    if laid.batch is not None:
        yield "batch", f"{laid.batch.id}, {laid.batch.name}"


def _tell_next(batch: "Batch", expected: "PlanEstimate") -> None:
    most = expected.nano_usd.high
    if 0 < batch.budget_nano_usd < most:
        typer.echo(
            f"warning: it may cost up to {in_dollars(most)}, and is paused at its budget of "
            f"{in_dollars(batch.budget_nano_usd)}",
            err=True,
        )
    # In whole cents, so that what is proposed is not below what may be needed.
    budget = f" --budget {ceil(most / NANO * 100) / 100:.2f}" if most and not batch.budget_nano_usd else ""
    typer.echo(f"start it: lora-pipeline generate start {batch.id}{budget}", err=True)


def _pairs(made: "Plan") -> tuple[int, int]:
    """Pairs of arc and topic that may be, and how many of them have no conversation."""
    counts = Counter({(arc, topic): 0 for _, arc, topic in made.quotas})
    counts.update((item.arc, item.topic) for item in made.items)
    return len(counts), sum(not count for count in counts.values())


def _as_json(laid: _Laid, expected: "PlanEstimate") -> dict[str, object]:
    batch = laid.batch
    return {
        "wish": laid.plan.wish.model_dump(mode="json"),
        "fingerprint": laid.plan.fingerprint(),
        "matrix": laid.plan.matrix(),
        "empty_pairs": _pairs(laid.plan)[1],
        "usage": asdict(expected.usage),
        "cost_nano_usd": asdict(expected.nano_usd),
        "calls": [asdict(each) for each in expected.calls],
        "batch": None if batch is None else {"id": batch.id, "name": batch.name, "status": batch.status},
    }
