"""The checks that a batch of conversations passes or fails once it has ended, decided from what is known of it."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.dataset.profiles.profile_checks import Figures
from pipeline.flow.generation.batch_report import BatchReport
from pipeline.generation.variety import most_times
from pipeline.state.catalog.costs import NANO
from pipeline.state.catalog.statuses import ENDED_ITEMS
from pipeline.wording import count_of, nano_usd

_LEAST_ACCEPTED = 0.5  # of the items: below, something is wrong with prompts or model


@dataclass(frozen=True, slots=True)
class BatchCheck:
    """A question about a batch."""

    name: str
    description: str
    asset: str
    """On whose page it stands."""
    is_error: bool
    decide: Callable[[BatchReport], tuple[bool, str]]
    figures: Callable[[BatchReport], Figures]
    """What was counted, by name, as Dagster plots it; what is not known is left out."""


def _covers(report: BatchReport) -> tuple[bool, str]:
    named = ", ".join(f"{arc} × {topic}" for arc, topic in report.empty_pairs[:5])
    if report.empty_pairs:
        return False, f"{count_of(len(report.empty_pairs), 'pair')} of arc and topic have no conversation: {named}"
    return report.lacking == 0, f"{count_of(report.lacking, 'conversation')} lack of what was planned"


def _is_accounted_for(report: BatchReport) -> tuple[bool, str]:
    by_state = {state: report.count(state) for state in ENDED_ITEMS}
    told = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in by_state.items())
    return sum(by_state.values()) == report.batch.items, f"{told}, of {report.batch.items:,} items"


def _is_within_budget(report: BatchReport) -> tuple[bool, str]:
    spent, budget = report.money.spent_nano_usd, report.batch.budget_nano_usd
    return spent <= budget, f"{nano_usd(spent)} spent of {nano_usd(budget)}"


def _ledger_is_usage(report: BatchReport) -> tuple[bool, str]:
    audit = report.audited()
    calls = sum(calls for calls, _cost in report.calls.values())
    compared = f"{audit.compared:,} of {count_of(calls, 'call')} compared with what the provider counted"
    if not audit.wrong:
        return True, compared
    return False, f"{compared}, {count_of(len(audit.wrong), 'call')} otherwise: {', '.join(audit.wrong[:5])}"


def _is_accepted(report: BatchReport) -> tuple[bool, str]:
    share = _share(report)
    return share >= _LEAST_ACCEPTED, f"{share:.0%} of {report.batch.items:,} items are accepted"


def _fails_seldom(report: BatchReport) -> tuple[bool, str]:
    failed = sum(report.failures.values())
    named = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in sorted(report.failures.items()))
    said = f"{count_of(failed, 'draw')} came to nothing"
    return failed <= report.batch.items // 2, f"{said}: {named}" if named else said


def _has_no_repeats(report: BatchReport) -> tuple[bool, str]:
    return report.repeats == 0, f"{count_of(report.repeats, 'accepted conversation')} say nearly what another says"


def _begins_differently(report: BatchReport) -> tuple[bool, str]:
    variety = report.variety
    if variety.opening_share is None or variety.opening is None:
        return True, "not known: nothing is accepted"
    times = round(variety.opening_share * variety.conversations)
    return times <= most_times(variety.conversations), f"the commonest opening begins {variety.opening_share:.1%}"


def _booked(report: BatchReport) -> int:
    return sum(cost for _calls, cost in report.calls.values())


def _share(report: BatchReport) -> float:
    return report.count("accepted") / report.batch.items if report.batch.items else 1.0


def _opening(report: BatchReport) -> Figures:
    share = report.variety.opening_share
    return {} if share is None else {"commonest_opening_share": share}


BATCH_CHECKS = (
    BatchCheck(
        "coverage_within_quota",
        "Each pair of arc and topic has conversations, and no cell lacks any.",
        "selected_conversations",
        False,
        _covers,
        lambda report: {"lacking": report.lacking, "empty_pairs": len(report.empty_pairs)},
    ),
    BatchCheck(
        "every_item_accounted_for",
        "Accepted, rejected, failed and waiting items are all that were planned.",
        "selected_conversations",
        True,
        _is_accounted_for,
        lambda report: {"items": report.batch.items, **{state: report.count(state) for state in ENDED_ITEMS}},
    ),
    BatchCheck(
        "within_budget",
        "No more was spent than allowed.",
        "generation_costs",
        True,
        _is_within_budget,
        lambda report: {
            "spent_usd": report.money.spent_nano_usd / NANO,
            "budget_usd": report.batch.budget_nano_usd / NANO,
        },
    ),
    BatchCheck(
        "ledger_is_usage",
        "Each call is booked with the tokens that the provider's own results say, and none is missing.",
        "generation_costs",
        True,
        _ledger_is_usage,
        lambda report: {"booked_usd": _booked(report) / NANO, "spent_usd": report.money.spent_nano_usd / NANO},
    ),
    BatchCheck(
        "share_accepted",
        "At least half of the items are accepted.",
        "selected_conversations",
        False,
        _is_accepted,
        lambda report: {"share_accepted": _share(report)},
    ),
    BatchCheck(
        "draws_that_fail",
        "Few draws came to nothing.",
        "failed_generations",
        False,
        _fails_seldom,
        lambda report: {"failed_draws": sum(report.failures.values())},
    ),
    BatchCheck(
        "no_repeats",
        "No two say nearly the same.",
        "selected_conversations",
        True,
        _has_no_repeats,
        lambda report: {"repeats": report.repeats},
    ),
    BatchCheck(
        "openings_differ",
        "No opening is common to many.",
        "selected_conversations",
        False,
        _begins_differently,
        _opening,
    ),
)
