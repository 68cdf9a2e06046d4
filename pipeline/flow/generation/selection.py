"""The end of a batch: its judged conversations are selected at once, and cells that lack some are made good."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from pipeline.flow.generation.making import BatchWork, planned_item
from pipeline.generation.accepting import Candidate, Selection, SelectionRules, select
from pipeline.generation.cells import Cell, Refill, cell_of
from pipeline.generation.draws import MOST_DRAWS
from pipeline.generation.endings import Ending
from pipeline.generation.made_findings import MadeFinding
from pipeline.generation.model import Judgement, MadeConversation
from pipeline.generation.plan import refill
from pipeline.state.catalog.generation_records import Item, Made, NewItem, Selected, Version
from pipeline.state.catalog.statements import chunks
from pipeline.state.catalog.statuses import ENDED_ITEMS, ReviewAction

MOST_REFILLS = 2
"""Rounds in which cells that lack conversations are made good."""


def conclude(work: BatchWork, now: datetime) -> str:
    """Select what was judged; then make cells good that lack some, or complete the batch. Returns what was done."""
    catalog, batch = work.making.catalog, work.batch
    counts = catalog.item_counts(batch.id)
    if any(is_asked or state not in (*ENDED_ITEMS, "judged") for state, is_asked in counts):
        return f"{batch.id} is under way"
    items = catalog.items_of(batch.id)
    selection = _selection(work, items)
    catalog.select_items(batch.id, _ends(items, selection), now)
    more = _refills(work, items, selection)[: _borne(work, items)] if batch.refills < MOST_REFILLS else []
    if more and catalog.add_items(batch.id, more, batch.refills + 1, now):
        return f"{batch.id}: {len(more)} conversations more are made for cells that lack them"
    if catalog.get_batch(batch.id).status == "running":
        ended = Counter(item.state for item in catalog.items_of(batch.id))
        told = ", ".join(f"{ended[state]:,} {state.replace('_', ' ')}" for state in ENDED_ITEMS if ended[state])
        catalog.move_batch(batch.id, "completed", now, told)
    return f"{batch.id} is completed"


def _borne(work: BatchWork, items: Sequence[Item]) -> int:
    """How many items more the rest of the budget bears, at what one of them cost so far."""
    money = work.making.catalog.spending_of(work.batch.id)
    rest = work.batch.budget_nano_usd - money.spent_nano_usd - money.reserved_nano_usd
    return len(items) if money.spent_nano_usd == 0 else max(0, rest) * len(items) // (2 * money.spent_nano_usd)


def _selection(work: BatchWork, items: Sequence[Item]) -> Selection:
    made = {each.id: each for each in work.making.catalog.made_of_batch(work.batch.id)}
    quotas = dict(Counter(cell_of(planned_item(item)) for item in items if item.refill_of is None))
    candidates = []
    written = [item for item in items if item.id in made]
    for chunk in chunks(written):  # a version is many times as large as what is compared of it
        versions = work.making.catalog.newest_versions([item.id for item in chunk])
        candidates += [_candidate(item, made[item.id], versions[item.id]) for item in chunk]
    seed = int(work.batch.plan["wish"].get("seed", 0))
    rules = SelectionRules(unjudged="accepted" if work.batch.judging_model is None else "needs_review", seed=seed)
    return select(candidates, quotas, rules)


def _candidate(item: Item, made: Made, version: Version) -> Candidate:
    verdict: Mapping[str, ReviewAction] = {"accepted": "approve", "rejected": "reject"}
    judgement = version.judgement and {name: each for name, each in version.judgement.items() if name != "again"}
    return Candidate(
        replace(planned_item(item), number=item.number),
        msgspec.convert(version.content, MadeConversation),
        tuple(MadeFinding(**each) for each in version.findings),
        msgspec.convert(judgement, Judgement) if judgement else None,
        verdict.get(made.status) if made.reviewed_by else None,  # type: ignore[arg-type]  # an edit is no verdict
        is_settled=item.state == "accepted",
    )


def _ends(items: Sequence[Item], selection: Selection) -> list[Selected]:
    ends = []
    for item in items:
        end: Ending | None = selection.endings.get(item.number)
        if item.state == "judged" and end is not None:
            reason = None if end.code is None else f"{end.code}: {end.reason}"
            ends.append(Selected(item.id, end.state, reason, end.tier, end.side))
    return ends


def _refills(work: BatchWork, items: Sequence[Item], selection: Selection) -> list[NewItem]:
    """Items for what cells lack: each makes one good of its cell that came to nothing, in another draw."""
    ends = {item.id: item.state if item.state != "judged" else None for item in items}
    for item in items:
        if ends[item.id] is None:
            ends[item.id] = selection.endings[item.number].state
    lost: dict[Cell, list[int]] = {}
    for item in items:
        if ends[item.id] in ("failed", "rejected"):
            number = item.refill_of or item.number
            lost.setdefault(cell_of(planned_item(item)), []).append(number)
    wanted: list[tuple[int, Refill]] = []
    for lacking in selection.refills:
        numbers = list(dict.fromkeys(lost.get(lacking.cell, ())))[: lacking.count]
        wanted += [(number, lacking) for number in numbers]
    draw = (work.batch.refills + 1) * MOST_DRAWS
    again = {each.number: each for each in refill(work.plan, work.scaffolds, [number for number, _ in wanted], draw)}
    first = len(items) + 1
    return [
        NewItem(
            number=first + place,
            persona=again[number].persona,
            arc=again[number].arc,
            topic=again[number].topic,
            template=again[number].template,
            tier=again[number].tier,
            seed=again[number].seed,
            turns=again[number].turns,
            opening=again[number].opening,
            situation=again[number].situation,
            refill_of=number,
            avoided_openings=lacking.avoided_openings,
            draw=draw,
        )
        for place, (number, lacking) in enumerate(wanted)
    ]
