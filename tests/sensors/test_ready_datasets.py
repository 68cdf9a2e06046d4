"""The sensor of ready datasets: what it asks for, once each, after validation; and what it tells of stale jobs."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster import AssetCheckKey
from dagster._core.storage.event_log.base import PartitionKeyFilter

from assets.training_specs import CONFIGS
from pipeline.errors import SettingsError
from sensors.ready_datasets import _since
from tests.installation import bad_file, valid_file

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SENSOR, READY = "ready_datasets", "ready_datasets"


def _validate(installation, *names, content=None):
    for name in names:
        installation.drop(f"{name}.jsonl", content or valid_file(12, seed=ord(name[0])))
    installation.ingest()


def _covered(tick, order):
    names = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    ranges = [tuple(order.index(tags[name]) for name in names) for tags in tick.runs]
    return [order[start : end + 1] for start, end in ranges]


def test_what_is_ready_becomes_one_run_and_what_is_not_does_not(installation):
    installation.drop("bad.jsonl", bad_file())
    _validate(installation, "a", "b", "c")

    tick = installation.tick(SENSOR)

    ready = installation.instance.get_dynamic_partitions(READY)
    assert sorted(ready) == sorted(each.id for each in installation.datasets() if each.status == "ready")
    assert _covered(tick, ready) == [ready]


def test_with_nothing_ready_nothing_is_asked_for(installation):
    assert installation.tick(SENSOR).result.skip_message == "no ready dataset without a plan"


def test_batches_are_capped_and_one_run_is_asked_for_at_a_time(make_installation):
    """An upload that comes meanwhile finds a place to be validated."""
    installation = make_installation(batch_max_datasets=2)
    _validate(installation, "a", "b", "c")
    covered = []

    for _ in range(3):
        tick = installation.tick(SENSOR)
        covered.append([len(keys) for keys in _covered(tick, installation.instance.get_dynamic_partitions(READY))])
        for tags in tick.runs:
            installation.run("plan_training", tags)

    assert covered == [[2], [1], []]
    assert len(installation.jobs()) == 3


def test_nothing_is_asked_for_while_a_plan_is_being_made(installation):
    _validate(installation, "a")
    [tags] = installation.tick(SENSOR).runs
    installation.enqueue("plan_training", tags)
    _validate(installation, "b")

    assert installation.tick(SENSOR).result.skip_message == "training is being planned"


def test_a_job_that_was_long_in_the_making_is_looked_at_when_its_run_has_ended(installation):
    """It is there long after the moment that it bears; its dataset was replaced meanwhile."""
    _validate(installation, "a")
    [tags] = installation.tick(SENSOR).runs
    asked_at = installation.cursors[SENSOR]
    installation.enqueue("plan_training", tags)

    installation.tick(SENSOR)

    assert installation.cursors[SENSOR] == asked_at is not None


@pytest.mark.parametrize(
    ("cursor", "since"),
    [
        ("2026-11-30T11:50:00+00:00", NOON - timedelta(minutes=20)),
        ("2026-11-29T23:59:59+00:00", None),  # once a day of all
        ("2026-11-30T15:00:00+00:00", None),  # the clock went wrong, and was put right
        ("2026-11-30T11:50:00", None),
        ("17", None),
        (None, None),
    ],
)
def test_jobs_are_asked_after_since_the_last_look_or_all_of_them(cursor, since):
    assert _since(cursor, NOON) == since


def test_validation_goes_first_for_a_while(installation, monkeypatch):
    """While uploads stream in there is always one to validate; plans then go before it."""
    _validate(installation, "a")
    installation.enqueue("ingest")

    waits = installation.tick(SENSOR)
    monkeypatch.setattr("pipeline.flow.training_plans.YIELDS_FOR", timedelta(0))
    goes = installation.tick(SENSOR)

    assert waits.result.skip_message == "1 ready datasets wait: validation goes first"
    assert len(goes.runs) == 1
    assert installation.repository.get_job("plan_training").tags["dagster/priority"] == "10"


def test_a_run_that_was_never_started_is_asked_for_again_and_costs_nothing(installation, monkeypatch):
    """Dagster lost the request, or the run died before it began."""
    monkeypatch.setattr("pipeline.flow.retries.LOST_AFTER", timedelta(0))
    monkeypatch.setattr("pipeline.flow.retries._PAUSES_S", (0.0,))
    _validate(installation, "a")
    asked = []

    for _ in range(5):
        asked += installation.tick(SENSOR).runs
        installation.tick("failed_runs")

    assert len({tags["dagster/run_key"] for tags in asked}) == 5
    [dataset] = installation.datasets()
    with installation.catalog() as catalog:
        plan = catalog.plan_of(dataset.id)
    assert (plan.status, plan.attempt) == ("requested", 0)


def test_a_crash_after_partitions_were_added_is_mended_by_the_next_ticks(installation, monkeypatch):
    _validate(installation, "a")
    result = installation.evaluate(SENSOR)
    for request in result.dynamic_partitions_requests:
        installation.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)

    monkeypatch.setattr("pipeline.flow.retries.LOST_AFTER", timedelta(0))
    installation.tick("failed_runs")
    assert [run.success for run in installation.plan()] == [True]
    assert len(installation.jobs()) == 1
    assert installation.tick(SENSOR).result.skip_message == "no ready dataset without a plan"


def test_a_repeated_result_starts_no_second_run(installation):
    _validate(installation, "a")
    result = installation.evaluate(SENSOR)
    [tags] = installation.apply(SENSOR, result)
    installation.run("plan_training", tags)

    assert installation.apply(SENSOR, result) == []


def test_a_name_that_no_catalogue_knows_fails_the_tick_and_no_run(make_installation):
    installation = make_installation(training_plans="Qwen-3-8B balanced L4 trl")
    _validate(installation, "a")

    with pytest.raises(SettingsError, match="LORA_TRAINING_PLANS: no model 'Qwen-3-8B' is known"):
        installation.tick(SENSOR)

    [dataset] = installation.datasets()
    with installation.catalog() as catalog:
        assert catalog.plan_of(dataset.id) is None


@pytest.fixture
def replaced(installation):
    """A dataset with a job, whose file was replaced by another that is bad."""
    _validate(installation, "a")
    installation.plan()
    [old] = installation.datasets()
    installation.drop("a.jsonl", bad_file())
    installation.ingest()
    return installation, old


def test_a_newer_upload_makes_the_old_jobs_stale_once_and_tells_it(replaced):
    installation, old = replaced

    events = [installation.tick(SENSOR).result.asset_events for _ in range(2)]

    assert [job.status for job in installation.jobs()] == ["stale"]
    assert [type(event).__name__ for event in events[0]] == ["AssetObservation", "AssetCheckEvaluation"]
    assert {event.partition for event in events[0]} == {old.id}
    assert events[1] == []
    assert installation.notices()[-1] == ("training_jobs_stale", "Training jobs of a are out of date")


def test_the_check_on_the_old_jobs_fails_where_the_page_shows_it(replaced):
    """However often: Dagster's own storage takes one result of a check and a partition without a run, and no second."""
    installation, old = replaced

    events = installation.tick(SENSOR).result.asset_events
    installation.instance.report_runless_asset_event(events[-1])

    key = AssetCheckKey(dg.AssetKey(CONFIGS), "jobs_are_current")
    history = installation.instance.event_log_storage.get_asset_check_execution_history(
        key, limit=9, partition_filter=PartitionKeyFilter(key=old.id)
    )
    assert [each.run_id != "" for each in history[:2]] == [False, True]  # the run's that planned, then the sensor's
    evaluation = history[0].event.dagster_event.asset_check_evaluation_data
    assert (evaluation.passed, evaluation.description) == (
        False,
        "1 jobs are out of date: a newer upload took the dataset's place",
    )
    assert evaluation.target_materialization_data is not None
