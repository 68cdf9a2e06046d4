"""Promises of `pipeline.state.warehouse.history`: what is asked often is one query, and replays change no answer."""

from dataclasses import replace
from datetime import date, timedelta

from tests.state.catalog.examples import PATIENCE, READY, REJECTED, upload
from tests.state.catalog.job_examples import ACTUAL, ESTIMATE, JOB
from tests.state.lake.examples import NOON, ONE_REJECTED_LINE, publish

_DAY = date(2026, 3, 1)
PATH = "uploads/ann/same.jsonl"


def _judge(installation, dataset_id, verdict, after_s, **figures):
    """As a run does, but that what the verdict says is made up."""
    publish(installation.lake, dataset_id)
    figures |= {"line_count": None, "content_version": f"bytes-of-{dataset_id}"}
    one = replace(verdict, dataset_id=dataset_id, **figures)
    installation.catalog.record_verdict(one, NOON + timedelta(seconds=after_s))


def test_costs_are_summed_once_whatever_was_estimated_and_billed_before(installation):
    installation.add("d1")
    catalog = installation.catalog
    catalog.create_job(JOB, ESTIMATE, NOON)
    catalog.report_job("job-1", "ann", NOON, "succeeded")
    dearer = replace(ESTIMATE, cost_usd=4.0, cost_usd_low=3.9, source="a later price list")
    catalog.add_cost("job-1", "ann", dearer, NOON + timedelta(hours=1))
    catalog.add_cost("job-1", "ann", ACTUAL, NOON + timedelta(hours=2))
    catalog.add_cost("job-1", "ann", replace(ACTUAL, cost_usd=4.5, source="bill"), NOON + timedelta(hours=3))
    installation.build()

    assert installation.ask("SELECT kind, cost_usd, dataset_name FROM current_costs ORDER BY kind") == [
        ("actual", 4.5, "d1"),
        ("estimate", 4.0, "d1"),
    ]
    [row] = installation.ask(
        "SELECT estimate_usd, actual_usd, cost_ratio, is_cost_within, estimate_hours, actual_hours, are_hours_within "
        "FROM cost_accuracy"
    )
    assert row == (4.0, 4.5, 1.125, True, 2.0, 2.4, True)


def test_the_uploads_of_a_day_count_their_first_verdict(installation):
    catalog = installation.catalog
    catalog.register_uploads([upload("good"), upload("bad"), upload("waits")], NOON)
    catalog.begin_try("validation", "good", "run-0")
    catalog.spend_try("validation", "good", "run-0", "away", PATIENCE, NOON)
    _judge(installation, "good", READY, 20)
    _judge(installation, "bad", REJECTED, 10)
    catalog.request_again(["bad"], NOON + timedelta(days=2))
    _judge(installation, "bad", READY, 3 * 86_400)
    installation.build()

    [row] = installation.ask("SELECT * FROM daily_uploads")

    assert row == (_DAY, "ann", 3, 15_000_000_000, 1, 1, 1, 15.0, 20.0, 1)


def test_trends_of_findings_are_those_of_first_verdicts(installation):
    installation.catalog.register_uploads([upload(f"d{number}") for number in (1, 2, 3)], NOON)
    _judge(installation, "d1", READY, 5, finding_counts={"refusal": 1})
    _judge(installation, "d2", READY, 5, finding_counts={})
    _judge(installation, "d3", REJECTED, 5, finding_counts={"refusal": 2, "malformed-json": 7})
    _judge(installation, "d3", READY, 3 * 86_400, finding_counts={"wrong-type": 1})
    installation.build()

    rows = installation.ask("SELECT * FROM finding_trends ORDER BY code")

    assert rows == [(_DAY, "malformed-json", 1, 7, 3, 1 / 3), (_DAY, "refusal", 2, 3, 3, 2 / 3)]


def test_a_verdict_from_before_there_was_history_has_the_findings_of_its_profile(installation):
    installation.add("d1", ONE_REJECTED_LINE)
    installation.build()

    assert ("missing-field", 1) in installation.ask("SELECT code, findings FROM finding_trends")


def test_which_fault_an_owner_mended_is_one_query(installation):
    """The findings of what was superseded, less those of what took its place."""
    catalog = installation.catalog
    catalog.register_uploads([upload("d1", path=PATH)], NOON)
    _judge(installation, "d1", REJECTED, 5, finding_counts={"malformed-json": 3, "refusal": 1})
    catalog.register_uploads([upload("d2", path=PATH)], NOON + timedelta(minutes=9))
    _judge(installation, "d2", READY, 600, finding_counts={"refusal": 2})
    installation.build()

    rows = installation.ask(
        """
        WITH found AS (
            SELECT dataset_id, unnest(map_entries(finding_counts)) AS f
            FROM dataset_events WHERE kind = 'judged'
        )
        SELECT s.dataset_id, s.related_id, b.f.key, b.f.value, coalesce(a.f.value, 0)
        FROM dataset_events AS s JOIN found AS b ON b.dataset_id = s.dataset_id
        LEFT JOIN found AS a ON a.dataset_id = s.related_id AND a.f.key = b.f.key
        WHERE s.kind = 'superseded' ORDER BY ALL
        """
    )

    assert rows == [("d1", "d2", "malformed-json", 3, 0), ("d1", "d2", "refusal", 1, 2)]


def test_what_is_nested_has_types(installation):
    installation.add("d1")
    installation.build()

    [row] = installation.ask(
        "SELECT roles['assistant'], words_per_turn.max, truncation[1].max_length, languages FROM profile_figures"
    )

    assert row == (2, 3, 512, {})
