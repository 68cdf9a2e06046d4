"""What a batch shows on the pages of its assets: one event for each stage that it has reached."""

from collections.abc import Iterator

import dagster as dg

from assets.generated_specs import (
    ANNOTATED,
    CODE_VERSION,
    FAILED,
    JUDGED,
    LEDGER,
    PARSED,
    PLAN,
    RAW,
    SCREENED,
    SELECTED,
)
from assets.partition_events import Metadata, evaluation, newest_materialization, table
from pipeline.flow.generation.batch_checks import BATCH_CHECKS
from pipeline.flow.generation.batch_report import BatchReport
from pipeline.state.catalog.statuses import ENDED_ITEMS, ItemState
from pipeline.wording import nano_usd

_STAGES: dict[str, tuple[ItemState, ...]] = {
    PLAN: (),
    RAW: ("written", "annotated", "judged", *ENDED_ITEMS),
    PARSED: ("written", "annotated", "judged", "accepted", "rejected", "needs_review"),
    SCREENED: ("written", "annotated", "judged", "accepted", "rejected", "needs_review"),
    ANNOTATED: ("annotated", "judged", "accepted", "rejected", "needs_review"),
    JUDGED: ("judged", "accepted", "rejected", "needs_review"),
    SELECTED: ("accepted",),
}
"""Items in these states have passed the stage."""


def batch_events(report: BatchReport) -> Iterator[dg.AssetMaterialization]:
    """A materialization of each stage that any item has passed, of what failed, and of the ledger."""
    for asset, states in _STAGES.items():
        count = report.batch.items if asset == PLAN else sum(report.count(state) for state in states)
        if count:
            yield _made(
                asset, report, f"{count:,} of {report.batch.items:,} items", {"items": count} | _more(asset, report)
            )
    failed = sum(report.failures.values())
    if failed:
        rows = [{"failure": kind, "draws": count} for kind, count in sorted(report.failures.items())]
        shown: Metadata = {"draws": failed, "by_type": table(rows, ("failure", "draws"), ("draws",))}
        yield _made(FAILED, report, f"{failed:,} draws came to nothing", shown)
    if report.calls:
        yield _made(LEDGER, report, nano_usd(report.money.spent_nano_usd), _money(report))


def check_results(report: BatchReport, instance: dg.DagsterInstance) -> Iterator[dg.AssetCheckEvaluation]:
    """The result of each check."""
    for check in BATCH_CHECKS:
        judged = newest_materialization(instance, check.asset, report.batch.id)
        yield evaluation(check.asset, check, check.decide(report), report.batch.id, judged, check.figures(report))


def _made(asset: str, report: BatchReport, description: str, metadata: Metadata) -> dg.AssetMaterialization:
    tags = {"dagster/code_version": CODE_VERSION, "dagster/data_version": f"{report.batch.id}-{description}"[:200]}
    return dg.AssetMaterialization(
        asset_key=asset, partition=report.batch.id, description=description, metadata=metadata, tags=tags
    )


def _more(asset: str, report: BatchReport) -> Metadata:
    if asset == PLAN:
        rows = [
            {"persona": persona, "arc": arc, "accepted": done, "planned": planned}
            for (persona, arc), (done, planned) in sorted(report.progress.cells.items())
        ]
        columns = ("persona", "arc", "accepted", "planned")
        return {
            "batch": report.batch.name,
            "status": report.batch.status,
            "seed": int(report.batch.plan["wish"].get("seed", 0)),
            "cells": table(rows, columns, ("accepted", "planned")),
        }
    if asset == JUDGED:
        agreement = report.repeated_judgements
        return {"unjudged": report.unjudged, "scores_given_twice": agreement.compared}
    if asset == SELECTED:
        return _selected(report)
    return {}


def _selected(report: BatchReport) -> Metadata:
    metadata: Metadata = {state: report.count(state) for state in ENDED_ITEMS}
    metadata |= {"lacking": report.lacking, "near_duplicates": report.repeats}
    if report.variety.opening_share is not None:
        metadata["commonest_opening_share"] = round(report.variety.opening_share, 4)
    return metadata


def _money(report: BatchReport) -> Metadata:
    rows = [
        {"purpose": purpose, "calls": calls, "cost": nano_usd(cost)}
        for purpose, (calls, cost) in sorted(report.calls.items())
    ]
    accepted = report.count("accepted")
    metadata: Metadata = {
        "spent_usd": round(report.money.spent_nano_usd / 1e9, 6),
        "reserved_usd": round(report.money.reserved_nano_usd / 1e9, 6),
        "budget_usd": round(report.batch.budget_nano_usd / 1e9, 6),
        "calls": table(rows, ("purpose", "calls", "cost"), ("calls",)),
    }
    if accepted:
        metadata["usd_per_accepted_conversation"] = round(report.money.spent_nano_usd / accepted / 1e9, 6)
    return metadata
