"""The warehouse is published soon after something changed, once for many changes."""

from datetime import timedelta

import dagster as dg

from assets.asset_jobs import CAUSE
from pipeline.clock import utc_now
from sensors import stale_warehouse as sensor
from tests.installation import valid_file


def test_an_empty_installation_asks_for_nothing(installation):
    """Nothing has changed yet."""
    assert installation.evaluate("stale_warehouse").skip_message == "nothing changed since the last publication"


def test_many_changes_ask_for_one_publication(installation):
    """Then it is quiet, until something changes again."""
    for number in range(3):
        installation.drop(f"file-{number}.jsonl", valid_file(seed=number))
    installation.ingest()

    runs = installation.tick("stale_warehouse").runs
    assert installation.run("publish", runs[0]).success
    quiet = installation.tick("stale_warehouse")
    installation.drop("late.jsonl", valid_file(seed=9))
    installation.ingest()
    again = installation.tick("stale_warehouse").runs

    assert [len(runs), len(again)] == [1, 1]
    assert quiet.result.skip_message == "nothing changed since the last publication"


def test_a_request_that_led_to_no_run_is_made_again(installation):
    """What counts is what was published, not what was asked for."""
    installation.drop("file.jsonl", valid_file())
    installation.ingest()

    asked = [installation.tick("stale_warehouse") for _ in range(2)]

    assert asked[0].runs[0]["dagster/run_key"] == asked[1].runs[0]["dagster/run_key"]
    [request] = asked[0].result.run_requests
    assert request.run_config == {"ops": {"warehouse": {"config": {"is_thorough": False}}}}


def test_a_publication_under_way_is_waited_for(installation):
    """Two at once would only take turns; the change is asked for afterwards."""
    installation.drop("file.jsonl", valid_file())
    installation.ingest()
    installation.enqueue("publish")

    assert installation.tick("stale_warehouse").result.skip_message == "a publication is under way"
    installation.instance.delete_run(installation.instance.get_runs(dg.RunsFilter(job_name="publish"))[0].run_id)
    assert len(installation.tick("stale_warehouse").runs) == 1


def test_changes_within_a_minute_of_a_publication_wait_for_the_next_and_each_says_why(make_installation, monkeypatch):
    """A stream of uploads would fill the page of runs with publications."""
    installation = make_installation(publication_pause_s=60)
    installation.drop("file.jsonl", valid_file())
    installation.ingest()
    [first] = installation.tick("stale_warehouse").runs
    assert installation.run("publish", first).success
    installation.drop("late.jsonl", valid_file(seed=9))
    installation.ingest()

    waiting = installation.tick("stale_warehouse").result
    monkeypatch.setattr(sensor, "utc_now", lambda: utc_now() + timedelta(seconds=61))
    [second] = installation.tick("stale_warehouse").runs

    assert waiting.run_requests == []
    assert waiting.skip_message.startswith("published just now; the next is at ")
    assert {tags[CAUSE].rpartition(" at ")[0] for tags in (first, second)} == {"the catalog changed"}
