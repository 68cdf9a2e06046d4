"""Batches of conversations as tables and as JSON."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipeline.cli.batch_options import in_dollars
from pipeline.cli.jobs_shown import print_fields
from pipeline.cli.printed_table import TableRow, print_table
from pipeline.state.catalog.statuses import ITEM_STATES, ItemState
from pipeline.wording import count_of, moment, nano_usd, percent

if TYPE_CHECKING:
    from pipeline.flow.generation.batch_report import BatchReport
    from pipeline.state.catalog.generation_records import Batch, BatchMoney, Submission, TrainingFile

COLUMNS = ("id", "status", "name", "accepted", "spent", "budget", "review", "failed", "model")
_NAMED = 5


def row(batch: "Batch", states: "Mapping[ItemState, int]", money: "BatchMoney") -> TableRow:
    """A batch as a row of COLUMNS."""
    accepted = f"{states.get('accepted', 0)}/{batch.items}"
    amounts = (in_dollars(money.spent_nano_usd), in_dollars(batch.budget_nano_usd))
    others = (states.get("needs_review", 0), states.get("failed", 0), batch.model)
    return (batch.id, batch.status, batch.name, accepted, *amounts, *others)


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is known of a batch."""

    report: "BatchReport"
    open_ones: "Sequence[Submission]"
    """What is at a provider, or goes there."""
    files: "Sequence[TrainingFile]"
    names: Mapping[str, str]
    """Of personas, by key."""


def print_batch(shown: Shown) -> None:
    """All of it, for a person."""
    print_fields([*_fields(shown.report), *_files(shown.files)])
    _print_matrix(shown.report.progress.cells, shown.names)
    print_fields([(each.id, _submission_told(each)) for each in shown.open_ones])
    if checks := _checks(shown.report):
        print_fields([(name, f"{'passed' if ok else 'not passed'}: {told}") for name, ok, told in checks])


def as_json_of(shown: Shown) -> dict[str, object]:
    """The same for programs."""
    report = shown.report
    cells = sorted(report.progress.cells.items())
    return {
        **asdict(report.batch),
        "by_state": report.progress.by_state,
        "cells": [
            {"persona": persona, "arc": arc, "accepted": done, "planned": planned}
            for (persona, arc), (done, planned) in cells
        ],
        **asdict(report.money),
        "calls": [
            {"purpose": purpose, "calls": count, "cost_nano_usd": cost}
            for purpose, (count, cost) in sorted(report.calls.items())
        ],
        "failures": report.failures,
        "empty_pairs": [{"arc": arc, "topic": topic} for arc, topic in report.empty_pairs],
        "variety": asdict(report.variety),
        "repeats": report.repeats,
        "unjudged": report.unjudged,
        "submissions": [asdict(each) for each in shown.open_ones],
        "training_files": [{"id": each.id, "name": each.name, "version": each.version} for each in shown.files],
        "checks": [{"name": name, "passed": ok, "found": told} for name, ok, told in _checks(report)],
    }


def _fields(report: "BatchReport") -> Iterator[tuple[str, str]]:
    batch, money = report.batch, report.money
    yield "batch", f"{batch.id}, {batch.name}"
    yield "status", ", ".join(filter(None, (batch.status, batch.status_reason)))
    yield "provider", f"{batch.provider}, {'in batches' if batch.is_batched else 'call by call'}"
    models = (("writes", batch.model), ("annotates", batch.annotating_model), ("judges", batch.judging_model))
    yield from ((what, model) for what, model in models if model)
    times = (("planned", batch.created_at), ("started", batch.started_at), ("ended", batch.ended_at))
    yield from ((what, moment(time, seconds=True)) for what, time in times if time)
    if batch.resume_at is not None and batch.status == "running":
        yield "asks again", moment(batch.resume_at, seconds=True)
    kept_back = f", {nano_usd(money.reserved_nano_usd)} kept back" if money.reserved_nano_usd else ""
    yield "money", f"{nano_usd(money.spent_nano_usd)} of {nano_usd(batch.budget_nano_usd)} spent{kept_back}"
    calls = sorted(report.calls.items())
    yield from ((f"to {purpose}", f"{count_of(n, 'call')}, {nano_usd(cost)}") for purpose, (n, cost) in calls)
    states = [f"{report.count(state):,} {state.replace('_', ' ')}" for state in ITEM_STATES if report.count(state)]
    yield "items", f"{', '.join(states)}, of {batch.items:,}"
    if report.failures:
        failed = ", ".join(f"{count:,} {what}" for what, count in sorted(report.failures.items()))
        yield "came to nothing", f"{failed}; lora-pipeline generate failures {batch.id}"
    if report.count("accepted"):
        yield from _quality(report)


def _files(files: "Sequence[TrainingFile]") -> Iterator[tuple[str, str]]:
    if files:
        yield "in", ", ".join(f"{each.name} v{each.version} ({each.id})" for each in files)


def _quality(report: "BatchReport") -> Iterator[tuple[str, str]]:
    """Of what is accepted."""
    variety = report.variety
    if variety.opening_share is not None and variety.opening is not None:
        yield "commonest opening", f"{percent(variety.opening_share)}, {variety.opening}"
    yield "say nearly the same", f"{report.repeats:,}"
    if report.unjudged and report.batch.judging_model:
        yield "not judged", f"{report.unjudged:,}"
    if report.empty_pairs:
        named = ", ".join(f"{arc} × {topic}" for arc, topic in report.empty_pairs[:_NAMED])
        more = ", …" if len(report.empty_pairs) > _NAMED else ""
        yield "arcs × topics without any", f"{len(report.empty_pairs):,}: {named}{more}"


def _print_matrix(cells: Mapping[tuple[str, str], tuple[int, int]], names: Mapping[str, str]) -> None:
    """Accepted of planned, of each persona and arc."""
    personas, arcs = sorted({persona for persona, _ in cells}), sorted({arc for _, arc in cells})
    rows = [
        (arc, *(_filled(cells, (persona,), (arc,)) for persona in personas), _filled(cells, personas, (arc,)))
        for arc in arcs
    ]
    totals = ("all", *(_filled(cells, (persona,), arcs) for persona in personas), _filled(cells, personas, arcs))
    print_table(("accepted", *(names.get(persona, persona) for persona in personas), "all"), [*rows, totals])


def _filled(cells: Mapping[tuple[str, str], tuple[int, int]], personas: Collection[str], arcs: Collection[str]) -> str:
    meant = [counts for (persona, arc), counts in cells.items() if persona in personas and arc in arcs]
    done, planned = sum(counts[0] for counts in meant), sum(counts[1] for counts in meant)
    return f"{done}/{planned}" if planned or done else ""


def _submission_told(each: "Submission") -> str:
    """Of one that is not done with."""
    what = f"{each.state}, {count_of(each.requests, 'request')} to {each.purpose}"
    since = f"since {moment(each.sending_at or each.created_at)}"
    kept_back = f"{nano_usd(each.reserved_nano_usd)} kept back"
    at_provider = f"at the provider {each.external_id}" if each.external_id else ""
    return ", ".join(filter(None, (what, since, kept_back, at_provider, each.state_reason)))


def _checks(report: "BatchReport") -> list[tuple[str, bool, str]]:
    """Those of a batch that has ended, as its assets have them."""
    from pipeline.flow.generation.batch_checks import BATCH_CHECKS

    if report.batch.status != "completed":
        return []
    return [(check.name, *check.decide(report)) for check in BATCH_CHECKS]
